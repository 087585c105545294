// One change of the draft against what is live; or, when live moved, both texts and what they make together.
import { Link } from '@tanstack/react-router';
import { Lock } from 'lucide-react';
import type { DraftChangeView, DraftPatch, EntryView } from '../../api/schema';
import { DiffView } from '../../editor/DiffView';
import { useT } from '../../i18n';
import { Badge, type Tone } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { ButtonLink } from '../../ui/ButtonLink';
import { Skeleton } from '../../ui/States';
import { Rebase } from './Rebase';
import styles from './ReviewChange.module.css';

interface ReviewChangeProps {
  env: string;
  /** The namespace of the draft; entries of others say theirs. */
  home: string;
  change: DraftChangeView;
  /** What is live; null when there is nothing, undefined until it is known. */
  live: EntryView | null | undefined;
  moved: boolean;
  busy: boolean;
  onDrop: () => void;
  onEdit: (patch: DraftPatch) => Promise<unknown>;
}

type Kind = 'new' | 'changed' | 'deleted' | 'recreated';
const tones: Record<Kind, Tone> = { new: 'good', changed: 'accent', deleted: 'bad', recreated: 'warn' };

function kindOf(change: DraftChangeView, live: EntryView | null): Kind {
  if (change.op === 'delete') return 'deleted';
  if (live) return 'changed';
  return change.if_revision === 0 ? 'new' : 'recreated';
}

export function ReviewChange(props: ReviewChangeProps) {
  const { env, home, change, live, moved, busy, onDrop, onEdit } = props;
  const t = useT();
  const words = t.drafts.review;
  const { namespace, key } = change;
  const place = { namespace, key };
  const params = { env, ns: namespace, _splat: key };
  const kind = live === undefined ? null : kindOf(change, live);
  const onto = live?.revision ?? 0;
  return (
    <section className={styles.change} aria-label={key}>
      <header className={styles.head}>
        <h2 className={styles.title}>
          {namespace !== home && `${namespace} / `}
          <Link to="/e/$env/n/$ns/k/$" params={params}>
            {key}
          </Link>
        </h2>
        {kind && <Badge tone={tones[kind]}>{words.kinds[kind]}</Badge>}
        {change.sealed && (
          <Badge tone="warn" icon={<Lock aria-hidden />}>
            {t.entries.entry.sealed}
          </Badge>
        )}
        <div className={styles.actions}>
          <ButtonLink small to="/e/$env/n/$ns/edit/$" params={params}>
            {words.editThis}
          </ButtonLink>
          <Button small disabled={busy} onClick={onDrop}>
            {words.drop}
          </Button>
        </div>
      </header>
      {change.secret && <p>{words.secretWhole}</p>}
      {change.secret_paths && change.secret_paths.length > 0 && (
        <p>{words.secretPaths(change.secret_paths.join(', '))}</p>
      )}
      {live && change.format && live.format !== change.format && (
        <p>{words.formatChange(live.format, change.format)}</p>
      )}
      {live === undefined ? (
        <Skeleton label={t.common.loading} />
      ) : moved ? (
        <Rebase
          key={onto}
          scope={{ env, ns: home }}
          change={change}
          live={live}
          busy={busy}
          onText={(content) =>
            void onEdit({
              put: [{ ...place, op: 'put', format: change.format ?? null, content, if_revision: onto }],
            })
          }
          onDelete={() => void onEdit({ put: [{ ...place, op: 'delete', if_revision: onto }] })}
          onTheirs={() => onEdit({ drop: [place] })}
        />
      ) : isBinary(change) || (live && live.content == null) ? (
        <p>{words.binary}</p>
      ) : (
        <DiffView
          left={live?.content ?? ''}
          right={change.op === 'delete' ? '' : (change.content ?? '')}
          format={change.format ?? live?.format ?? 'text'}
          labels={{
            left: live ? words.live(t.common.revisionNumber(live.revision)) : words.nothing,
            right: words.draft,
          }}
        />
      )}
    </section>
  );
}

function isBinary(change: DraftChangeView): boolean {
  return change.op === 'put' && change.content == null;
}
