// Takes entries of one environment over into my draft of another one.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { environmentsQuery } from '../../api/environments';
import { useNamespace } from '../../api/namespaces';
import { usePromote } from '../../api/promote';
import type { DiffEntryView } from '../../api/schema';
import { ErrorView } from '../../app/ErrorView';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { ButtonLink } from '../../ui/ButtonLink';
import { EnvTag } from '../../ui/EnvTag';
import { Checkbox } from '../../ui/Field';
import styles from './Promote.module.css';
import { obstacle } from './question';

/** The choice of one entry, or why there is none. */
export function Pick({
  entry,
  target,
  picked,
  drafted,
  onToggle,
}: {
  entry: DiffEntryView;
  target: string;
  picked: boolean;
  /** My draft has something for it already. */
  drafted: boolean;
  onToggle: () => void;
}) {
  const t = useT();
  const why = obstacle(entry);
  if (why === 'sealed') return <span className={styles.why}>{t.compare.promote.sealed}</span>;
  if (why === 'only there') return <span className={styles.why}>{t.compare.promote.onlyThere(target)}</span>;
  const { choose, replace } = t.compare.promote;
  return (
    <Checkbox label={drafted ? replace(entry.key) : choose(entry.key)} checked={picked} onChange={onToggle} />
  );
}

interface PromoteBarProps {
  entries: DiffEntryView[];
  picked: string[];
  namespace: string | undefined;
  source: string;
  target: string;
  onPick: (keys: string[]) => void;
}

export function PromoteBar({ entries, picked, namespace, source, target, onPick }: PromoteBarProps) {
  const t = useT();
  const words = t.compare.promote;
  return (
    <section className={styles.bar} aria-labelledby="promote">
      <h3 id="promote">{words.title}</h3>
      <p className={styles.why}>
        {namespace === undefined ? words.oneNamespace : words.hint(source, target)}
      </p>
      {namespace !== undefined && <Promotion {...{ entries, picked, namespace, source, target, onPick }} />}
    </section>
  );
}

function Promotion(props: PromoteBarProps & { namespace: string }) {
  const { entries, picked, namespace: ns, source, target, onPick } = props;
  const t = useT();
  const words = t.compare.promote;
  const { data: environments = [] } = useQuery(environmentsQuery);
  const there = useNamespace({ env: target, ns });
  const denied = useDenied('draft', { env: target, ns });
  const promote = usePromote({ env: target, ns }, source);
  const all = entries.filter((one) => obstacle(one) === null).map((one) => one.key);
  if (there.data === null) {
    return (
      <Banner
        tone="warn"
        actions={
          <ButtonLink to="/e/$env" params={{ env: target }}>
            {words.create}
          </ButtonLink>
        }
      >
        {words.missing(ns, target)}
      </Banner>
    );
  }
  const take = () =>
    promote.mutate(
      entries.filter((one) => picked.includes(one.key)),
      { onSuccess: () => onPick([]) },
    );
  return (
    <>
      <div className={styles.actions}>
        <EnvTag name={target} tier={environments.find((one) => one.name === target)?.tier} />
        <Button
          kind="primary"
          denied={denied}
          disabled={picked.length === 0}
          busy={promote.isPending}
          onClick={take}
        >
          {words.button(picked.length, target)}
        </Button>
        {all.length > 0 && (
          <Button onClick={() => onPick(picked.length === all.length ? [] : all)}>
            {picked.length === all.length ? words.chooseNone : words.chooseAll}
          </Button>
        )}
      </div>
      {promote.error && <ErrorView error={promote.error} />}
      {promote.data !== undefined && picked.length === 0 && (
        <Banner
          tone="good"
          actions={
            <Link to="/e/$env/n/$ns/review" params={{ env: target, ns }}>
              {words.review}
            </Link>
          }
        >
          {words.done(promote.data, target)}
        </Banner>
      )}
    </>
  );
}
