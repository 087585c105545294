// A unified diff: numbers of lines, a sign and a colour for each, and how many lines came and went.
import { Fragment, useMemo } from 'react';
import { useT } from '../i18n';
import { parseUnified } from '../lib/unified';
import styles from './UnifiedDiff.module.css';

/** What stands in front of a line; a minus as wide as the plus. */
const signs = { ' ': '', '+': '+', '-': '−' };
const names = { ' ': undefined, '+': styles.added, '-': styles.removed };

export function UnifiedDiff({ text, label }: { text: string; label: string }) {
  const t = useT();
  const { hunks } = useMemo(() => parseUnified(text), [text]);
  return (
    // It scrolls sideways, also by the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable
    <section className={styles.frame} aria-label={label} tabIndex={0}>
      <table className={styles.table}>
        <tbody>
          {hunks.map((hunk, nth) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: hunks have no other name
            <Fragment key={nth}>
              {hunk.skipped > 0 && (
                <tr className={styles.skipped}>
                  <td colSpan={4}>{t.diff.skipped(hunk.skipped)}</td>
                </tr>
              )}
              {hunk.lines.map((line) => (
                <tr key={`${line.left}:${line.right}`} className={names[line.sign]}>
                  <td className={styles.number}>{line.left}</td>
                  <td className={styles.number}>{line.right}</td>
                  <td className={styles.sign}>{signs[line.sign]}</td>
                  <td className={styles.text}>
                    {line.text}
                    {line.open && <span className={styles.open}>{t.diff.open}</span>}
                  </td>
                </tr>
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** How many lines came and went, as text. */
export function LineCounts({ text }: { text: string }) {
  const t = useT();
  const { added, removed } = useMemo(() => parseUnified(text), [text]);
  return (
    <span className={styles.counts}>
      {added > 0 && <span className={styles.plus}>{t.diff.added(added)}</span>}{' '}
      {removed > 0 && <span className={styles.minus}>{t.diff.removed(removed)}</span>}
    </span>
  );
}
