// Who runs a revision: the parts as a bar, and the instances, those that refused it first.
import { Link } from '@tanstack/react-router';
import { useReceipts } from '../../api/revisions';
import type { Outcome, ReceiptsView, RevisionReceipt } from '../../api/schema';
import { Loaded } from '../../app/Loaded';
import { RevisionLink } from '../../app/RevisionLink';
import { useTexts } from '../../app/search';
import { useT } from '../../i18n';
import { Badge, type Tone } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { StackedBar } from '../../ui/StackedBar';
import { Time } from '../../ui/Time';
import styles from './Receipts.module.css';

/** How many that do not run it are shown at first; those that do are only counted. */
const FIRST = 10;
const STEP = 100;

const tones: Record<Outcome, Tone> = {
  applied: 'good',
  rejected: 'bad',
  pending: 'warn',
  superseded: 'quiet',
};

export function Receipts({ revision }: { revision: number }) {
  const t = useT();
  return (
    <section className={styles.part} aria-labelledby="receipts">
      <h2 id="receipts">{t.history.receipts.title}</h2>
      <Loaded query={useReceipts(revision)}>{(receipts) => <Counted receipts={receipts} />}</Loaded>
    </section>
  );
}

function Counted({ receipts }: { receipts: ReceiptsView }) {
  const t = useT();
  const words = t.history.receipts;
  const [texts, change] = useTexts();
  const asked = Number(texts.instances) || 0;
  if (receipts.counted === 0) return <p className={styles.none}>{words.none}</p>;
  const { applied, rejected, pending, counted, instances } = receipts;
  const shown =
    asked > 0
      ? instances.slice(0, asked)
      : instances.filter((one) => one.outcome !== 'applied').slice(0, FIRST);
  return (
    <>
      <p>{words.said(applied, counted)}</p>
      <StackedBar
        label={words.title}
        parts={[
          { label: words.applied, count: applied, tone: 'good' },
          { label: words.pending, count: pending, tone: 'warn' },
          { label: words.rejected, count: rejected, tone: 'bad' },
          { label: words.superseded, count: counted - applied - pending - rejected, tone: 'quiet' },
        ]}
      />
      {receipts.superseded_by != null && (
        <p>
          {words.by} <RevisionLink revision={receipts.superseded_by} />
        </p>
      )}
      {shown.length > 0 && <Instances instances={shown} />}
      {instances.length > shown.length ? (
        <div>
          <Button small onClick={() => change({ instances: String(asked + STEP) })}>
            {asked > 0 ? t.common.more : words.list(instances.length)}
          </Button>
        </div>
      ) : (
        counted > instances.length && <p className={styles.none}>{words.most}</p>
      )}
    </>
  );
}

function Instances({ instances }: { instances: RevisionReceipt[] }) {
  const t = useT();
  const words = t.history.receipts;
  return (
    <DataTable
      label={words.title}
      rows={instances}
      rowKey={(row) => `${row.environment}/${row.id}`}
      columns={[
        {
          head: words.instance,
          cell: (row) => (
            <Link
              to="/e/$env/instances/$instance"
              params={{ env: row.environment, instance: row.id }}
              className={styles.id}
            >
              {row.id}
            </Link>
          ),
        },
        { head: words.service, cell: (row) => row.service },
        {
          head: words.outcome,
          cell: (row) => <Badge tone={tones[row.outcome]}>{words[row.outcome]}</Badge>,
        },
        { head: words.when, cell: (row) => row.receipt && <Time at={row.receipt.at} /> },
        { head: words.reason, wide: true, cell: (row) => <Reason receipt={row} /> },
      ]}
    />
  );
}

function Reason({ receipt: { receipt, outcome } }: { receipt: RevisionReceipt }) {
  const t = useT();
  if (outcome !== 'rejected' || !receipt) return null;
  return (
    <div className={styles.reason}>
      <span>{receipt.reason}</span>
      {receipt.broken && <strong className={styles.broken}>{t.history.receipts.broken}</strong>}
      {receipt.output && (
        <details>
          <summary>{t.history.receipts.output}</summary>
          <pre className={styles.output}>{receipt.output}</pre>
        </details>
      )}
    </div>
  );
}
