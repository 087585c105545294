// What every view of a text has in common.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
} from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import type { Format } from '../api/schema';
import type { Messages } from '../i18n';
import { languageOf } from './languages';
import { theme } from './theme';

// Ctrl+Enter and Ctrl+S belong to the page.
const keys = defaultKeymap.filter((binding) => binding.key !== 'Mod-Enter' && binding.key !== 'Ctrl-s');

/** A text that can be read, selected and searched. */
export function reading(format: Format, label: string, t: Messages): Extension {
  return [
    EditorView.cspNonce.of(document.body.dataset.nonce ?? ''),
    EditorState.phrases.of(t.editor.phrases),
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    lineNumbers(),
    highlightSpecialChars(),
    codeFolding(),
    foldGutter(),
    drawSelection(),
    bracketMatching(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    search({ top: true }),
    languageOf(format),
    theme,
    keymap.of([...keys, ...searchKeymap, ...foldKeymap, ...lintKeymap]),
  ];
}

/** No caret and no keyboard of a phone, and still reachable by Tab. */
export const readOnly: Extension = [
  EditorState.readOnly.of(true),
  EditorView.editable.of(false),
  EditorView.contentAttributes.of({ 'aria-readonly': 'true' }),
];

/** Tab indents; after Esc it leaves. */
export const writing: Extension = [
  history(),
  indentOnInput(),
  indentUnit.of('  '),
  keymap.of([...historyKeymap, indentWithTab]),
];
