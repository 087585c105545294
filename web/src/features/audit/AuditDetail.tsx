// One row of the audit whole: what was before and after, and every fact about where it came from.
import { Fragment, type ReactNode } from 'react';
import type { AuditRow } from '../../api/schema';
import { RevisionLink } from '../../app/RevisionLink';
import { useLanguage, useT } from '../../i18n';
import { full } from '../../lib/time';
import styles from './AuditDetail.module.css';
import { changedFields } from './rows';

/** Fields that are instants, in seconds. */
const INSTANTS = ['expires_at', 'signs_from'];

export function AuditDetail({ row }: { row: AuditRow }) {
  const t = useT();
  const words = t.audit;
  const { language } = useLanguage();
  const changes = changedFields(row);
  const shown = (field: string, value: string | null): ReactNode => {
    if (value === null) return words.absent;
    // What changes entries tells the revisions of before and after.
    if (field === '' && row.revision != null && /^[1-9]\d*$/.test(value))
      return <RevisionLink revision={Number(value)} />;
    if (field === '' && row.revision != null && value === '0') return words.absent;
    if (INSTANTS.includes(field) && Number.isFinite(Number(value)))
      return full(new Date(Number(value) * 1_000), language);
    return value;
  };
  const facts: [string, ReactNode][] = [
    [t.common.time, full(new Date(row.at), language)],
    [words.action, <code key="action">{row.action}</code>],
    [words.token, row.token && <code key="token">{row.token}</code>],
    [words.address, row.address && <code key="address">{row.address}</code>],
    [words.request, row.request_id && <code key="request">{row.request_id}</code>],
    [words.chain, <code key="chain">{`${row.chain} ${row.seq}`}</code>],
    [words.hash, <code key="hash">{row.hash}</code>],
  ];
  return (
    <div className={styles.detail}>
      {changes.length > 0 && (
        <table className={styles.diff}>
          <thead>
            <tr>
              <th scope="col">{words.field}</th>
              <th scope="col">{words.before}</th>
              <th scope="col">{words.after}</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(({ field, before, after }) => (
              <tr key={field}>
                <th scope="row">{field || (row.revision == null ? words.value : t.common.revision)}</th>
                <td className={before === null ? undefined : styles.before}>{shown(field, before)}</td>
                <td className={after === null ? undefined : styles.after}>{shown(field, after)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <dl className={styles.facts}>
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </Fragment>
          ))}
      </dl>
    </div>
  );
}
