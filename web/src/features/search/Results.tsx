// What was found, with the places marked.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { LockKeyhole } from 'lucide-react';
import { environmentsQuery } from '../../api/environments';
import type { SearchHitView } from '../../api/schema';
import { useT } from '../../i18n';
import { marked } from '../../lib/marks';
import { Badge } from '../../ui/Badge';
import { EnvTag } from '../../ui/EnvTag';
import { Marked } from '../../ui/Marked';
import styles from './Results.module.css';

export function Results({ hits }: { hits: SearchHitView[] }) {
  const t = useT();
  const { data: environments } = useQuery(environmentsQuery);
  return (
    <ol className={styles.list}>
      {hits.map((hit) => {
        const { environment: env, namespace: ns, key, key_ranges: ranges = [], lines = [] } = hit;
        return (
          <li key={`${env}/${ns}/${key}`} className={styles.hit}>
            <div className={styles.head}>
              <EnvTag name={env} tier={environments?.find((one) => one.name === env)?.tier} />
              <Link to="/e/$env/n/$ns" params={{ env, ns }} className={styles.namespace}>
                {ns}
              </Link>
              <Link to="/e/$env/n/$ns/k/$" params={{ env, ns, _splat: key }} className={styles.key}>
                <Marked pieces={marked(key, ranges)} />
              </Link>
              <span className={styles.facts}>
                {hit.format} · {t.common.revisionNumber(hit.revision)}
                {hit.matches > 0 && ` · ${t.search.matches(hit.matches)}`}
              </span>
              {hit.sealed && <Badge icon={<LockKeyhole aria-hidden />}>{t.search.sealed}</Badge>}
            </div>
            {lines.length > 0 && (
              <ul className={styles.lines}>
                {lines.map((line) => (
                  <li key={line.line}>
                    <Link
                      to="/e/$env/n/$ns/k/$"
                      params={{ env, ns, _splat: key }}
                      search={{ line: String(line.line) }}
                      className={styles.line}
                    >
                      <span className={styles.number} title={t.search.line(line.line)}>
                        {line.line}
                      </span>
                      <code className={styles.snippet}>
                        {line.column > 1 && t.search.cut}
                        <Marked pieces={marked(line.snippet, line.ranges)} />
                        {line.cut && t.search.cut}
                      </code>
                    </Link>
                  </li>
                ))}
              </ul>
            )}
          </li>
        );
      })}
    </ol>
  );
}
