// Copies a text, and says so.
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useT } from '../i18n';
import { Button } from './Button';

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const t = useT();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <Button
      small
      icon={copied ? <Check aria-hidden /> : <Copy aria-hidden />}
      onClick={() => void copy().catch(() => {})}
    >
      <span aria-live="polite">{copied ? t.common.copied : (label ?? t.common.copy)}</span>
    </Button>
  );
}
