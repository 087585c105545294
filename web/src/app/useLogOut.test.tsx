import { act, fireEvent, render, renderHook, screen } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import { ProblemError } from '../api/problem';
import { Toasts } from '../ui/Toast';
import { queries } from './queries';
import { useSaves } from './unsaved';
import { useLogOut } from './useLogOut';

/** Who the page that one goes to would find here. */
let found: unknown;
const navigate = vi.fn(async () => {
  found = queries.getQueryData(['me']);
});
const logOut = vi.fn<() => Promise<unknown>>();
vi.mock('@tanstack/react-router', () => ({ useNavigate: () => navigate }));
vi.mock('./ErrorView', () => ({ inWords: () => 'The server cannot be reached.' }));
vi.mock('../api/me', () => ({ logOut: () => logOut(), meQuery: { queryKey: ['me'] } }));

beforeEach(() => {
  navigate.mockClear();
  logOut.mockReset();
  queries.setQueryData(['me'], 'somebody');
  found = 'nobody asked';
});

async function leave() {
  const { result } = renderHook(() => useLogOut());
  await act(async () => result.current());
}

test('a log-out that failed is told, changes nothing, and can be tried again', async () => {
  render(<Toasts />);
  logOut.mockRejectedValueOnce(ProblemError.unreachable());
  await leave();
  expect(screen.getByRole('region').textContent).toContain('still logged in');
  expect(navigate).not.toHaveBeenCalled();
  expect(queries.getQueryData(['me'])).toBe('somebody');

  logOut.mockResolvedValueOnce(undefined);
  await act(async () => void fireEvent.click(screen.getByText('Try again')));
  expect(screen.getByRole('region').textContent).toBe('');
  expect(navigate).toHaveBeenCalledWith({ to: '/login' });
  expect(found).toBeUndefined();
});

test('who is out already goes to the login page', async () => {
  logOut.mockRejectedValueOnce(
    ProblemError.of(new Response(null, { status: 401 }), { code: 'unauthenticated' }),
  );
  await leave();
  expect(navigate).toHaveBeenCalledWith({ to: '/login' });
});

test('what is unsaved is saved first, and nobody is logged out before', async () => {
  const save = vi.fn(async () => false);
  const page = renderHook(() => useSaves(save));
  await leave();
  expect(save).toHaveBeenCalledOnce();
  expect(logOut).not.toHaveBeenCalled();
  page.unmount();
  logOut.mockResolvedValueOnce(undefined);
  await leave();
  expect(save).toHaveBeenCalledOnce();
  expect(logOut).toHaveBeenCalledOnce();
});
