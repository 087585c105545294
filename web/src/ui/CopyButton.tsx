// Copies a text, and says so; where the browser does not let it, the text stands there selected for whoever copies it.
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useT } from '../i18n';
import { copyText } from '../lib/copy';
import { Button } from './Button';
import { TextArea } from './Field';

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const t = useT();
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle');
  const copied = state === 'copied';
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setState('idle'), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <>
      <Button
        small
        icon={copied ? <Check aria-hidden /> : <Copy aria-hidden />}
        onClick={async ({ currentTarget }) =>
          setState((await copyText(text, currentTarget)) ? 'copied' : 'refused')
        }
      >
        <span aria-live="polite">{copied ? t.common.copied : (label ?? t.common.copy)}</span>
      </Button>
      {state === 'refused' && (
        <TextArea
          label={t.common.copyRefused}
          value={text}
          rows={2}
          readOnly
          autoFocus
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </>
  );
}
