// Words of the screens in features/login.
export const login = {
  title: 'Log in',
  submit: 'Log in',
  password: 'Password',
  with: (provider: string) => `Log in with ${provider}`,
  or: 'or with a password',
  renew: 'This was a one-time password. Choose your own.',
  newPassword: 'New password',
  again: 'New password once more',
  rule: '12 to 128 characters, and hard to guess: at least 8 of them outside your name, common words, rows of keys and repetitions.',
  different: 'The two new passwords are not the same.',
  missing: 'Name and password are needed.',
  terminal: {
    title: 'Log in a terminal',
    incomplete: 'This address is not complete. Run pintle login again.',
    ask: (command: string) =>
      `Go on only if you have just run ${command} yourself. If somebody sent you this address, close this page.`,
    asks: 'A terminal asks to act with all your rights, as',
    allow: 'Log the terminal in',
    copy: 'Copy this code into the terminal where you have just run pintle login. It is good for one minute.',
    nobody: 'Give it to nobody: whoever asks you for it wants to act as you.',
    done: 'The terminal is being logged in. You can close this page.',
  },
};
