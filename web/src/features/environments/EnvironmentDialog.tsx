// Makes an environment, or changes what it is.
import { useState } from 'react';
import { usePutEnvironment } from '../../api/environments';
import { codeOf } from '../../api/problem';
import type { EnvironmentView, Tier } from '../../api/schema';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { isName } from '../../lib/names';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Select, TextArea, TextField } from '../../ui/Field';
import { Form } from '../../ui/Form';
import { tell } from '../../ui/Toast';
import { isColour } from './colours';
import styles from './EnvironmentsPage.module.css';

const tiers: Tier[] = ['dev', 'test', 'staging', 'prod'];
const SHOWN = ['env', 'tier', 'colour', 'description', 'message'];

interface EnvironmentDialogProps {
  environment: EnvironmentView | null;
  onClose: () => void;
}

export function EnvironmentDialog({ environment, onClose }: EnvironmentDialogProps) {
  const t = useT();
  const put = usePutEnvironment();
  // What was shown when it was opened is what is changed, whatever comes meanwhile.
  const [shown] = useState(environment);
  const [name, setName] = useState(shown?.name ?? '');
  const [tier, setTier] = useState<Tier | ''>(shown?.tier ?? '');
  const [colour, setColour] = useState(shown?.colour ?? '');
  const [description, setDescription] = useState(shown?.description ?? '');
  const [message, setMessage] = useState('');
  const [tried, setTried] = useState(false);
  const badName = shown === null && !isName(name);
  const badColour = colour !== '' && !isColour(colour);
  // The server judges by what it is and by what it becomes.
  const noMessage = (shown?.protected || tier === 'prod') && message.trim() === '';
  const submit = () => {
    setTried(true);
    if (badName || badColour || noMessage) return;
    put.mutate(
      {
        name,
        revision: shown?.revision ?? null,
        body: {
          tier: tier === '' ? null : tier,
          colour: colour === '' ? null : colour.toLowerCase(),
          description,
          ...(message.trim() !== '' && { message: message.trim() }),
        },
      },
      {
        onSuccess: () => {
          tell(t.environments.saved(name));
          onClose();
        },
      },
    );
  };
  const problem = (field: string) => fieldProblem(put.error, field);
  return (
    <Dialog
      title={shown ? t.environments.editTitle(shown.name) : t.environments.add}
      grave={shown?.tier === 'prod' || tier === 'prod'}
      onClose={onClose}
    >
      <Form
        onSubmit={submit}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" kind="primary" busy={put.isPending}>
              {shown ? t.common.save : t.common.create}
            </Button>
          </>
        }
      >
        {shown === null && (
          <TextField
            label={t.common.name}
            help={t.environments.nameHelp}
            problem={tried && badName ? t.environments.badName : problem('env')}
            value={name}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setName(event.target.value)}
          />
        )}
        <Select
          label={t.environments.tier}
          help={t.environments.tierHelp}
          problem={problem('tier')}
          value={tier}
          onChange={(event) => setTier(event.target.value as Tier | '')}
        >
          <option value="">{t.tiers.none}</option>
          {tiers.map((one) => (
            <option key={one} value={one}>
              {t.tiers[one]}
            </option>
          ))}
        </Select>
        {shown?.protected && tier !== 'prod' && <Banner tone="warn">{t.environments.becomes}</Banner>}
        <TextArea
          label={t.common.description}
          help={t.environments.descriptionHelp}
          problem={problem('description')}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
        <div className={styles.colour}>
          <TextField
            label={t.environments.colour}
            problem={tried && badColour ? t.environments.badColour : problem('colour')}
            value={colour}
            placeholder={t.environments.noColour}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setColour(event.target.value)}
          />
          <TextField
            bare
            type="color"
            label={t.environments.colour}
            value={isColour(colour) ? colour : '#808080'}
            onChange={(event) => setColour(event.target.value)}
          />
        </div>
        <p className={styles.muted}>{t.environments.colourHelp}</p>
        <TextField
          label={t.environments.message}
          help={t.environments.messageHelp}
          problem={tried && noMessage ? t.environments.messageMissing : problem('message')}
          value={message}
          onChange={(event) => setMessage(event.target.value)}
        />
        {put.error && (
          <ErrorView error={put.error} shown={SHOWN}>
            {(codeOf(put.error) === 'conflict' || codeOf(put.error) === 'precondition_failed') && (
              <p>{t.environments.moved}</p>
            )}
          </ErrorView>
        )}
      </Form>
    </Dialog>
  );
}
