// English: every feature has a file of its own.

import { access } from './access';
import { account } from './account';
import { audit } from './audit';
import * as common from './common';
import { compare } from './compare';
import { drafts } from './drafts';
import { editor } from './editor';
import { entries } from './entries';
import { environments } from './environments';
import { history } from './history';
import { home } from './home';
import { instances } from './instances';
import { login } from './login';
import { help, palette } from './palette';
import { search } from './search';
import { tokens } from './tokens';
import { welcome } from './welcome';

export const en = {
  ...common,
  access,
  account,
  audit,
  compare,
  drafts,
  editor,
  entries,
  environments,
  help,
  history,
  home,
  instances,
  login,
  palette,
  search,
  tokens,
  welcome,
};
