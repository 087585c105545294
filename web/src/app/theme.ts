// Light, dark, or as the system says.
import { useSyncExternalStore } from 'react';
import { remember } from '../i18n';

export const themes = ['system', 'light', 'dark'] as const;

export type Theme = (typeof themes)[number];

const listeners = new Set<() => void>();

function current(): Theme {
  const said = document.documentElement.dataset.theme;
  return said === 'light' || said === 'dark' ? said : 'system';
}

export function chooseTheme(theme: Theme) {
  document.documentElement.dataset.theme = theme;
  remember('pintle-theme', theme);
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, current);
}
