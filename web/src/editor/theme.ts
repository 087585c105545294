// What editors look like: only tokens, which know light and dark by themselves.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const marked = (kind: 'good' | 'bad') => ({
  background: `var(--${kind}-mark)`,
  boxShadow: `inset 0 -2px var(--${kind})`,
  borderRadius: '2px',
});

const look = EditorView.theme({
  '&': { backgroundColor: 'var(--panel)', color: 'var(--text)', fontSize: '13px' },
  // The frame around it shows the focus, gutters and all.
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6' },
  '.cm-content': { caretColor: 'var(--text)', padding: '6px 0' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--text)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'var(--accent-line)',
  },
  '.cm-gutters': {
    backgroundColor: 'var(--sunken)',
    color: 'var(--muted)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent) 8%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLineGutter': { color: 'var(--text)', fontWeight: '600' },
  '.cm-foldPlaceholder': {
    border: '1px solid var(--line-strong)',
    background: 'var(--sunken)',
    color: 'var(--muted)',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--mark)', outline: '1px solid var(--line-strong)' },
  '.cm-searchMatch-selected': { outline: '2px solid var(--accent)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--accent-bg)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--accent-bg)',
    outline: '1px solid var(--accent-line)',
  },
  '.cm-nonmatchingBracket': { color: 'var(--bad)' },
  '.cm-specialChar': { color: 'var(--bad)' },
  '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--text)' },
  '.cm-panels.cm-panels-top': { borderBottom: '1px solid var(--line)' },
  '.cm-panels.cm-panels-bottom': { borderTop: '1px solid var(--line)' },
  '.cm-panel.cm-search': { padding: '6px 40px 6px 8px', fontFamily: 'var(--font)' },
  '.cm-panel.cm-search label': { fontSize: 'var(--size-s)', display: 'inline-flex', gap: '4px' },
  '.cm-panel.cm-search [name=close]': { minWidth: '24px', minHeight: '24px', fontSize: '18px' },
  '.cm-textfield': {
    background: 'var(--panel)',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
    borderRadius: 'var(--radius-s)',
    fontSize: 'var(--size-s)',
    minHeight: '26px',
  },
  '.cm-button': {
    background: 'var(--panel)',
    backgroundImage: 'none',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
    borderRadius: 'var(--radius-s)',
    fontSize: 'var(--size-s)',
    minHeight: '26px',
  },
  '.cm-tooltip': {
    background: 'var(--panel)',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
    boxShadow: 'var(--shadow)',
  },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--warn)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad)',
    textDecorationSkipInk: 'none',
  },
  '.cm-lintRange-warning': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--warn)',
    textDecorationSkipInk: 'none',
  },
  // Two texts: a sign in front of every line that changed, so that colour never stands alone.
  '.cm-changedLine, .cm-deletedChunk .cm-deletedLine': { position: 'relative' },
  '&[data-diff] .cm-line, .cm-deletedChunk .cm-deletedLine': { paddingLeft: '22px' },
  '.cm-deletedChunk': { paddingLeft: '0', backgroundColor: 'var(--bad-bg)' },
  '.cm-changedLine::before, .cm-deletedChunk .cm-deletedLine::before': {
    position: 'absolute',
    left: '7px',
    fontWeight: '700',
    textDecoration: 'none',
  },
  '&.cm-merge-b .cm-changedLine': { backgroundColor: 'var(--good-bg)' },
  '&.cm-merge-b .cm-changedLine::before': { content: '"+"', color: 'var(--good)' },
  '&.cm-merge-a .cm-changedLine': { backgroundColor: 'var(--bad-bg)' },
  '&.cm-merge-a .cm-changedLine::before, .cm-deletedChunk .cm-deletedLine::before': {
    content: '"−"',
    color: 'var(--bad)',
  },
  '&.cm-merge-b .cm-changedText': marked('good'),
  '&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText': marked('bad'),
  '&.cm-merge-b .cm-deletedText': marked('bad'),
  '.cm-collapsedLines': {
    padding: '4px 12px',
    background: 'var(--sunken)',
    borderBlock: '1px solid var(--line)',
    color: 'var(--muted)',
    fontFamily: 'var(--font)',
    fontSize: 'var(--size-s)',
  },
  '.cm-collapsedLines:before, .cm-collapsedLines:after': { content: '"···"' },
  '.cm-mergeSpacer': {
    background: 'repeating-linear-gradient(135deg, var(--sunken) 0 4px, transparent 4px 8px)',
  },
});

const colours = HighlightStyle.define([
  {
    tag: [
      tags.propertyName,
      tags.definition(tags.propertyName),
      tags.definition(tags.variableName),
      tags.tagName,
    ],
    color: 'var(--code-name)',
  },
  {
    tag: [tags.string, tags.special(tags.string), tags.attributeValue, tags.quote],
    color: 'var(--code-string)',
  },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-value)' },
  { tag: [tags.keyword, tags.typeName, tags.labelName, tags.attributeName], color: 'var(--code-word)' },
  { tag: [tags.comment, tags.meta], color: 'var(--muted)' },
  { tag: tags.invalid, color: 'var(--bad)' },
]);

export const theme = [look, syntaxHighlighting(colours)];
