// Mounts the console: the providers stand here, each once.
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queries } from './app/queries';
import { firstLanguage, LanguageProvider, load } from './i18n';
import { router } from './routes';
import './styles/tokens.css';
import './styles/base.css';

const root = document.getElementById('root');
if (root) {
  await load(firstLanguage());
  createRoot(root).render(
    <StrictMode>
      <LanguageProvider>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </LanguageProvider>
    </StrictMode>,
  );
}
