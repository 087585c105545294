// Puts a text on the clipboard, also where the browser gives the page none.

/** Copies a text for an element of the page. False when the browser did not let it. */
export async function copyText(text: string, near: Element): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // There is no clipboard over plain HTTP, and none for whom it was refused: what is selected can still be copied.
    return copySelected(text, near);
  }
}

function copySelected(text: string, near: Element): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.setAttribute('aria-hidden', 'true');
  Object.assign(field.style, { position: 'fixed', top: '0', opacity: '0' });
  // A modal dialog makes everything outside of it inert.
  (near.closest('dialog') ?? document.body).append(field);
  const focused = document.activeElement;
  try {
    field.focus({ preventScroll: true });
    field.select();
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}
