// Logging in, and the open sessions: `session`, `sessions`, `password`, `session/code`.
import { useMutation, useQuery } from '@tanstack/react-query';
import client, { ask, base } from './client';
import { useInvalidate } from './invalidate';
import { keys } from './keys';
import type { LoginBody, PasswordBody } from './schema';

export function useLogIn() {
  return useMutation({
    mutationFn: (body: LoginBody) => ask(client.POST('/api/v1/session', { body: { ...body, cookie: true } })),
  });
}

/** Where a login at a provider begins; the browser goes there. */
export function providerLogin(name: string, next: string | null): string {
  const query = next === null ? '' : `?next=${encodeURIComponent(next)}`;
  return `${base}/api/v1/session/oidc/${encodeURIComponent(name)}${query}`;
}

/** A code by which a terminal logs in as the caller. */
export function useLetTerminalIn() {
  return useMutation({
    mutationFn: (challenge: string) => ask(client.POST('/api/v1/session/code', { body: { challenge } })),
  });
}

export function useSessions() {
  return useQuery({
    queryKey: keys.store('sessions'),
    queryFn: ({ signal }) => ask(client.GET('/api/v1/sessions', { signal })),
    select: (list) => list.sessions,
  });
}

export function useEndSession() {
  const changed = useInvalidate(keys.store('sessions'));
  return useMutation({
    mutationFn: (id: string) => ask(client.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } })),
    onSettled: changed,
  });
}

/** Ends all sessions but this one; of another user, all of them. */
export function useEndSessions() {
  const changed = useInvalidate(keys.store('sessions'));
  return useMutation({
    mutationFn: (user?: string) =>
      ask(client.DELETE('/api/v1/sessions', { params: { query: user === undefined ? {} : { user } } })),
    onSettled: changed,
  });
}

export function useChangePassword() {
  const changed = useInvalidate(keys.store('sessions'));
  return useMutation({
    mutationFn: (body: PasswordBody) => ask(client.PUT('/api/v1/password', { body })),
    onSuccess: changed,
  });
}
