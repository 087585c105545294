// Fields for a part of the store: patterns of environments and namespaces, and a prefix of keys.
import { useQueries, useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { environmentsQuery } from '../api/environments';
import { namespacesQuery } from '../api/namespaces';
import { useT } from '../i18n';
import { matches } from '../lib/globs';
import { isPattern } from '../lib/names';
import { TextField } from '../ui/Field';
import { Row } from '../ui/Form';
import type { Part } from './PlaceWords';

/** More environments than these are not looked through for names to suggest. */
const LOOKED_AT = 5;

interface PlaceFieldsProps {
  part: Required<Part>;
  onChange: (part: Required<Part>) => void;
  /** What is wrong with a field. */
  problem?: (field: keyof Part) => string | null;
}

/** Whether both patterns can be sent. */
export function isPlace({ environment, namespace }: Required<Part>): boolean {
  return isPattern(environment) && isPattern(namespace);
}

export function PlaceFields({ part, onChange, problem }: PlaceFieldsProps) {
  const t = useT();
  const lists = useId();
  const { data: environments = [] } = useQuery(environmentsQuery);
  const covered = environments.filter((one) => matches(part.environment, one.name)).slice(0, LOOKED_AT);
  const namespaces = useQueries({
    queries: covered.map(({ name }) => namespacesQuery(name)),
    combine: (results) => [
      ...new Set(results.flatMap(({ data }) => data?.namespaces.map((one) => one.name) ?? [])),
    ],
  });
  const wrong = (field: 'environment' | 'namespace') =>
    problem?.(field) ?? (isPattern(part[field]) ? null : t.access.place.bad);
  return (
    <>
      <Row>
        <TextField
          label={t.access.place.environment}
          help={t.access.place.environmentHelp}
          problem={wrong('environment')}
          value={part.environment}
          list={`${lists}-environments`}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={(event) => onChange({ ...part, environment: event.target.value })}
        />
        <TextField
          label={t.access.place.namespace}
          help={t.access.place.namespaceHelp}
          problem={wrong('namespace')}
          value={part.namespace}
          list={`${lists}-namespaces`}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={(event) => onChange({ ...part, namespace: event.target.value })}
        />
      </Row>
      <TextField
        label={t.access.place.prefix}
        help={t.access.place.prefixHelp}
        problem={problem?.('key_prefix')}
        value={part.key_prefix}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => onChange({ ...part, key_prefix: event.target.value })}
      />
      <datalist id={`${lists}-environments`}>
        {['*', ...environments.map((one) => one.name)].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <datalist id={`${lists}-namespaces`}>
        {['*', ...namespaces].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
