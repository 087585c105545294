// Texts in headers of requests.

/** Any text for a header, in one line: `fetch` sends each character as one byte, and the server reads UTF-8. */
export function headerText(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text.trim().replace(/\s+/g, ' ')));
}
