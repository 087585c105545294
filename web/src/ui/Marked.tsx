// A text of which parts are marked.
import type { Piece } from '../lib/marks';
import styles from './Marked.module.css';

export function Marked({ pieces }: { pieces: Piece[] }) {
  return pieces.map(({ text, marked }, nth) =>
    marked ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name
      <mark key={nth} className={styles.mark}>
        {text}
      </mark>
    ) : (
      text
    ),
  );
}
