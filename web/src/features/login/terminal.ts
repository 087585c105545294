// What a terminal that wants to log in says in the address.

export interface TerminalRequest {
  challenge: string;
  state: string;
  /** Where it listens on this machine; nothing when the code is to be copied. */
  port: number | null;
  provider: string | undefined;
}

/** The request of an address, or nothing when it is not complete. */
export function terminalRequest(search: Record<string, string | undefined>): TerminalRequest | null {
  const { challenge = '', state = '', provider } = search;
  const port = search.port === undefined ? null : Number(search.port);
  const good =
    /^[A-Za-z0-9_-]{43}$/.test(challenge) &&
    /^[A-Za-z0-9_-]{1,128}$/.test(state) &&
    (port === null || (Number.isInteger(port) && port > 0 && port < 65_536));
  return good ? { challenge, state, port, provider } : null;
}

/** Where the terminal takes the code. */
export function callback({ port, state }: TerminalRequest, code: string): string {
  return `http://127.0.0.1:${port}/callback?${new URLSearchParams({ code, state })}`;
}
