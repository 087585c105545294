// Which two environments are compared, and in which namespace.
import { useQuery } from '@tanstack/react-query';
import { ArrowRightLeft } from 'lucide-react';
import { environmentsQuery } from '../../api/environments';
import { useNamespaces } from '../../api/namespaces';
import { useTexts } from '../../app/search';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { EnvironmentSelect } from './EnvironmentSelect';
import { NamespaceSelect } from './NamespaceSelect';
import styles from './Sides.module.css';

export function EnvironmentSides() {
  const t = useT();
  const [texts, change] = useTexts();
  const { data: environments = [] } = useQuery(environmentsQuery);
  const { from_env = '', to_env = '' } = texts;
  const left = useNamespaces(from_env).data?.namespaces ?? [];
  const right = useNamespaces(to_env).data?.namespaces ?? [];
  const names = [...new Set([...left, ...right].map((one) => one.name))].toSorted();
  return (
    <div className={styles.sides}>
      <EnvironmentSelect
        label={t.compare.source}
        environments={environments}
        value={from_env}
        onChange={(name) => change({ from_env: name, pick: undefined })}
      />
      <div>
        <Button
          icon={<ArrowRightLeft aria-hidden />}
          aria-label={t.compare.swap}
          onClick={() => change({ from_env: to_env, to_env: from_env, pick: undefined })}
        />
      </div>
      <EnvironmentSelect
        label={t.compare.target}
        environments={environments}
        value={to_env}
        onChange={(name) => change({ to_env: name, pick: undefined })}
      />
      <NamespaceSelect
        names={names}
        value={texts.namespace ?? ''}
        onChange={(namespace) => change({ namespace, key: undefined, pick: undefined })}
      />
    </div>
  );
}
