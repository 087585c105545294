// What narrows a history. All of it is in the address.
import { ListFilter } from 'lucide-react';
import { useState } from 'react';
import type { Texts } from '../../app/search';
import { useT } from '../../i18n';
import { instantOf, localOf } from '../../lib/time';
import { Button } from '../../ui/Button';
import { Select, TextField } from '../../ui/Field';
import { FilterBar, FilterText } from '../../ui/FilterBar';
import { clearedFilters, hasFilters, kinds } from './filters';
import styles from './HistoryFilters.module.css';

export function HistoryFilters({
  namespace,
  texts,
  onChange,
}: {
  namespace: string | undefined;
  texts: Texts;
  onChange: (changes: Texts) => void;
}) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <FilterBar label={t.history.filters}>
      <div className={styles.fold}>
        <Button aria-expanded={open} icon={<ListFilter aria-hidden />} onClick={() => setOpen(!open)}>
          {t.history.filters}
        </Button>
      </div>
      <div className={styles.fields} data-open={open || hasFilters(texts) || undefined}>
        {namespace !== undefined && (
          <div className={styles.text}>
            <FilterText label={t.history.key} value={texts.key ?? ''} onChange={(key) => onChange({ key })} />
          </div>
        )}
        <div className={styles.text}>
          <FilterText
            label={t.history.author}
            value={texts.actor ?? ''}
            onChange={(actor) => onChange({ actor })}
          />
        </div>
        <div className={styles.kind}>
          <Select
            label={t.history.kind}
            bare
            value={texts.kind ?? ''}
            onChange={(event) => onChange({ kind: event.target.value })}
          >
            <option value="">{t.history.allKinds}</option>
            {kinds.map((kind) => (
              <option key={kind} value={kind}>
                {t.kinds[kind]}
              </option>
            ))}
          </Select>
        </div>
        <Instant label={t.history.since} value={texts.since} onChange={(since) => onChange({ since })} />
        <Instant label={t.history.until} value={texts.until} onChange={(until) => onChange({ until })} />
        {hasFilters(texts) && (
          <Button kind="quiet" onClick={() => onChange(clearedFilters)}>
            {t.history.clear}
          </Button>
        )}
      </div>
    </FilterBar>
  );
}

function Instant({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string | undefined;
  onChange: (instant: string | undefined) => void;
}) {
  return (
    <div className={styles.instant}>
      <TextField
        label={label}
        type="datetime-local"
        value={localOf(value)}
        onChange={(event) => onChange(instantOf(event.target.value))}
      />
    </div>
  );
}
