// An environment by colour, word and icon. The only place that knows what a tier looks like.
import { Circle, FlaskConical, Hammer, ShieldAlert, TestTube } from 'lucide-react';
import { useT } from '../i18n';
import { classes } from './classes';
import styles from './EnvTag.module.css';

export type Tier = 'dev' | 'test' | 'staging' | 'prod';

const icons = { dev: Hammer, test: TestTube, staging: FlaskConical, prod: ShieldAlert };

export function EnvTag({
  name,
  tier,
  large,
}: {
  name: string;
  tier?: Tier | null | undefined;
  large?: boolean;
}) {
  const t = useT();
  const Icon = tier ? icons[tier] : Circle;
  return (
    <span
      className={classes(styles.tag, tier && styles[tier], large && styles.large)}
      data-tier={tier ?? 'none'}
    >
      <Icon aria-hidden />
      <span>{name}</span> {tier === 'prod' && <strong className={styles.word}>{t.tiers.prod}</strong>}
    </span>
  );
}
