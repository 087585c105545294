// The facts of an entry and its content, masked until somebody asks for it.
import { useSearch } from '@tanstack/react-router';
import { Download, Eye, EyeOff, Lock } from 'lucide-react';
import { useState } from 'react';
import { rawAddress, useEntryMessage } from '../../api/entries';
import type { Scope } from '../../api/keys';
import type { EntryView } from '../../api/schema';
import { RevisionLink } from '../../app/RevisionLink';
import { useDenied } from '../../app/session';
import { CodeEditor } from '../../editor/CodeEditor';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import buttons from '../../ui/Button.module.css';
import { CopyButton } from '../../ui/CopyButton';
import { classes } from '../../ui/classes';
import { EmptyState } from '../../ui/States';
import { Time } from '../../ui/Time';
import styles from './EntryContent.module.css';
import { RevealDialog } from './RevealDialog';

export function EntryContent({
  scope,
  entry,
  at,
}: {
  scope: Scope;
  entry: EntryView;
  at: string | undefined;
}) {
  const t = useT();
  const words = t.entries.entry;
  const { line } = useSearch({ strict: false });
  const [asking, setAsking] = useState(false);
  const [revealed, setRevealed] = useState<EntryView | null>(null);
  // What was revealed is not what is live any more once the entry changed.
  const plain = revealed?.revision === entry.revision ? revealed : null;
  const shown = plain ?? entry;
  const denied = useDenied('reveal', { ...scope, key: entry.key });
  const message = useEntryMessage(scope, entry.key, entry.revision).data;
  const text = shown.content;

  return (
    <>
      <div className={styles.bar}>
        <p className={styles.facts}>
          <Badge>{entry.format}</Badge>
          {entry.sealed && (
            <Badge tone="warn" icon={<Lock aria-hidden />}>
              {words.sealed}
            </Badge>
          )}
          <span>
            <RevisionLink revision={entry.revision} /> <Time at={entry.at} /> {words.by}{' '}
            <strong>{entry.actor}</strong>
          </span>
          {message && <span className={styles.message}>“{message}”</span>}
          <span>{t.common.bytes(entry.size)}</span>
        </p>
        <div className={styles.tools}>
          {entry.sealed &&
            (plain ? (
              <Button small icon={<EyeOff aria-hidden />} onClick={() => setRevealed(null)}>
                {words.hide}
              </Button>
            ) : (
              <Button small icon={<Eye aria-hidden />} denied={denied} onClick={() => setAsking(true)}>
                {words.reveal}
              </Button>
            ))}
          {text != null && <CopyButton text={text} />}
          {entry.sealed ? (
            <Button small icon={<Download aria-hidden />} denied={words.rawSealed}>
              {words.raw}
            </Button>
          ) : (
            <a
              className={classes(buttons.button, buttons.plain, buttons.small)}
              href={rawAddress(scope, entry.key, at)}
              download={entry.key.split('/').at(-1)}
            >
              <Download aria-hidden />
              {words.raw}
            </a>
          )}
        </div>
      </div>
      {entry.sealed && (
        <Banner tone={plain ? 'warn' : 'quiet'}>{plain ? words.revealedHint : words.sealedHint}</Banner>
      )}
      {entry.redacted ? (
        <EmptyState title={words.redacted} />
      ) : text != null ? (
        <CodeEditor
          text={text}
          format={entry.format}
          label={words.content(entry.key)}
          readOnly
          line={line === undefined ? undefined : Number(line)}
        />
      ) : (
        !entry.sealed && (
          <EmptyState title={words.binary}>{words.binaryHint(t.common.bytes(entry.size))}</EmptyState>
        )
      )}
      {asking && (
        <RevealDialog
          scope={scope}
          name={entry.key}
          at={at}
          onRevealed={setRevealed}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
