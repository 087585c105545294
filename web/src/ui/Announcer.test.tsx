import { act, render, renderHook, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Announcer, useSaid } from './Announcer';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a state is said when it becomes another one, not again after what lies between', () => {
  const { container } = render(<Announcer />);
  const region = container.querySelector('[aria-live=polite]');
  const { rerender } = renderHook(useSaid, { initialProps: 'saved' as string | null });
  expect(region?.textContent).toBe('saved');
  act(() => void vi.advanceTimersByTime(6_000));
  expect(region?.textContent).toBe('');
  rerender(null);
  rerender('saved');
  expect(region?.textContent).toBe('');
  rerender('not saved');
  rerender('saved');
  expect(screen.getAllByText(/saved/).map((one) => one.textContent)).toEqual(['not saved', 'saved']);
});
