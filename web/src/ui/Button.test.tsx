import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { Button } from './Button';

test('a button that may not be used can be reached, says why, and does nothing', () => {
  const act = vi.fn();
  const send = vi.fn((event: { preventDefault: () => void }) => event.preventDefault());
  render(
    <form onSubmit={send}>
      <Button type="submit" denied="You may not publish in prod." onClick={act}>
        Publish
      </Button>
    </form>,
  );
  const button = screen.getByRole('button', { name: 'Publish' });
  button.focus();
  expect(document.activeElement).toBe(button);
  const why = document.getElementById(button.getAttribute('aria-describedby') ?? '');
  expect(why?.textContent).toBe('You may not publish in prod.');
  fireEvent.click(button);
  expect(act).not.toHaveBeenCalled();
  expect(send).not.toHaveBeenCalled();
});
