// Whether the page is about production: dialogs then say so.
import { useParams } from '@tanstack/react-router';
import { useEnvironment } from '../../app/session';

export function useGrave(): boolean {
  const { env } = useParams({ strict: false });
  return useEnvironment(env)?.tier === 'prod';
}
