// Parts of a text that are to be marked.

export interface Piece {
  text: string;
  marked: boolean;
}

/** A text cut at ranges of characters (Unicode scalar values), in order and apart from each other. */
export function marked(text: string, ranges: { start_char: number; end_char: number }[]): Piece[] {
  const characters = [...text];
  const pieces: Piece[] = [];
  let at = 0;
  const add = (to: number, isMarked: boolean) => {
    if (to > at) pieces.push({ text: characters.slice(at, to).join(''), marked: isMarked });
    at = Math.max(at, to);
  };
  for (const { start_char, end_char } of ranges) {
    add(start_char, false);
    add(end_char, true);
  }
  add(characters.length, false);
  return pieces;
}
