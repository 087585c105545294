// The kind of a revision.
import type { Kind } from '../../api/schema';
import { useT } from '../../i18n';
import { Badge, type Tone } from '../../ui/Badge';

const tones: Record<Kind, Tone> = {
  publish: 'accent',
  rollback: 'warn',
  revert: 'warn',
  environment: 'quiet',
  namespace: 'quiet',
  freeze: 'bad',
};

export function KindBadge({ kind }: { kind: Kind }) {
  const t = useT();
  return <Badge tone={tones[kind]}>{t.kinds[kind]}</Badge>;
}
