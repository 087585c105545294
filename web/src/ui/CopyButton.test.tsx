import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { CopyButton } from './CopyButton';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  Reflect.deleteProperty(document, 'execCommand');
});

/** A page over plain HTTP: no clipboard, and an old way that works or does not. */
function withoutClipboard(works: boolean) {
  vi.stubGlobal('navigator', { ...navigator, clipboard: undefined });
  const seen: { text: string; inside: Element | null }[] = [];
  Object.assign(document, {
    execCommand: () => {
      const field = document.activeElement as HTMLTextAreaElement;
      seen.push({
        text: field.value.slice(field.selectionStart, field.selectionEnd),
        inside: field.parentElement,
      });
      return works;
    },
  });
  return seen;
}

function press() {
  const button = screen.getByRole('button');
  button.focus();
  fireEvent.click(button);
  return button;
}

test('where there is a clipboard it is used', async () => {
  const writeText = vi.fn(async () => {});
  vi.stubGlobal('navigator', { ...navigator, clipboard: { writeText } });
  render(<CopyButton text="pt_1" />);
  press();
  await screen.findByText('Copied');
  expect(writeText).toHaveBeenCalledWith('pt_1');
});

test('without a clipboard a selected text is copied, and the focus stays', async () => {
  const seen = withoutClipboard(true);
  render(<CopyButton text="pt_1" />);
  const button = press();
  await screen.findByText('Copied');
  expect(seen).toEqual([{ text: 'pt_1', inside: document.body }]);
  expect(document.activeElement).toBe(button);
  expect(document.querySelector('textarea')).toBeNull();
});

test('in a dialog the text is selected inside of it', async () => {
  const seen = withoutClipboard(true);
  render(
    <dialog open>
      <CopyButton text="pt_1" />
    </dialog>,
  );
  press();
  await screen.findByText('Copied');
  expect(seen[0]?.inside?.tagName).toBe('DIALOG');
});

test('what could not be copied is told, and stands there selected', async () => {
  withoutClipboard(false);
  render(<CopyButton text="pt_1" />);
  press();
  const field = (await screen.findByLabelText(/could not be copied/)) as HTMLTextAreaElement;
  expect(document.activeElement).toBe(field);
  expect(field.value.slice(field.selectionStart, field.selectionEnd)).toBe('pt_1');
});
