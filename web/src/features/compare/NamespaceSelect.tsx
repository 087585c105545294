// One namespace, or all.
import { useT } from '../../i18n';
import { Select } from '../../ui/Field';
import styles from './Sides.module.css';

export function NamespaceSelect({
  names,
  value,
  onChange,
}: {
  names: string[];
  value: string;
  onChange: (name: string) => void;
}) {
  const t = useT();
  // A name of the address is shown even where nothing has it.
  const all = value === '' || names.includes(value) ? names : [value, ...names];
  return (
    <div className={styles.side}>
      <Select
        label={<span className={styles.label}>{t.common.namespace}</span>}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="">{t.compare.allNamespaces}</option>
        {all.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Select>
    </div>
  );
}
