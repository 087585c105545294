// The syntax of a text as far as the editor sees it by itself, for those for whom the server does not judge what is not published.
import { ensureSyntaxTree } from '@codemirror/language';
import type { EditorState, Extension } from '@codemirror/state';
import { ViewPlugin } from '@codemirror/view';
import type { Format } from '../api/schema';

const QUIET_MS = 250;
/** A text that takes longer is left unjudged. */
const PARSE_MS = 100;

/** Where the first error is. All of JSON is judged, YAML and XML by their grammar, and other formats not at all. */
export function syntaxError(state: EditorState, format: Format): number | null {
  if (format === 'json') {
    try {
      JSON.parse(state.sliceDoc());
      return null;
    } catch (error) {
      // Browsers say the place in their own ways, if at all.
      const said = / position (\d+)/.exec(String(error))?.[1];
      return firstError(state) ?? Math.min(Number(said ?? 0), state.doc.length);
    }
  }
  // What a DTD declares is no part of the editor's grammar.
  const judged = format === 'yaml' || (format === 'xml' && !state.sliceDoc().includes('<!DOCTYPE'));
  return judged ? firstError(state) : null;
}

function firstError(state: EditorState): number | null {
  let at: number | null = null;
  ensureSyntaxTree(state, state.doc.length, PARSE_MS)?.iterate({
    enter: ({ type, from }) => {
      if (type.isError) at ??= from;
      return at === null;
    },
  });
  return at;
}

/** Tells the place of the first error, or that there is none, at first and a moment after each change. */
export function judging(
  format: Format,
  tell: (place: { line: number; column: number } | null) => void,
): Extension {
  return ViewPlugin.define((view) => {
    const judge = () => {
      const at = syntaxError(view.state, format);
      if (at === null) return tell(null);
      const line = view.state.doc.lineAt(at);
      tell({ line: line.number, column: at - line.from + 1 });
    };
    let timer = setTimeout(judge);
    return {
      update: ({ docChanged }) => {
        if (!docChanged) return;
        clearTimeout(timer);
        timer = setTimeout(judge, QUIET_MS);
      },
      destroy: () => clearTimeout(timer),
    };
  });
}
