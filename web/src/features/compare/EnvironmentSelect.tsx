// One environment of all, with its tier as a word.
import type { EnvironmentView } from '../../api/schema';
import { useT } from '../../i18n';
import { EnvTag } from '../../ui/EnvTag';
import { Select } from '../../ui/Field';
import styles from './Sides.module.css';

export function EnvironmentSelect({
  label,
  environments,
  value,
  onChange,
}: {
  label: string;
  environments: EnvironmentView[];
  value: string;
  onChange: (name: string) => void;
}) {
  const t = useT();
  const chosen = environments.find((one) => one.name === value);
  return (
    <div className={styles.side}>
      <Select
        label={
          <span className={styles.label}>
            {label} {chosen && <EnvTag name={chosen.name} tier={chosen.tier} />}
          </span>
        }
        value={value}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="">{t.compare.choose}</option>
        {environments.map((one) => (
          <option key={one.name} value={one.name}>
            {one.name} ({t.tiers[one.tier ?? 'none']})
          </option>
        ))}
      </Select>
    </div>
  );
}
