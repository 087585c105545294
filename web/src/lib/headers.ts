// Texts in headers of requests.

/** Any text for a header: `fetch` sends each character as one byte, and the server reads UTF-8. */
export function headerText(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
