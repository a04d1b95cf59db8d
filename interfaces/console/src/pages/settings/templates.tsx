import { useState } from 'react';
import { useAct } from '../../components/act.ts';
import { Section } from '../../components/page.tsx';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { Select } from '../../components/select.tsx';
import { Badge } from '../../components/status.tsx';
import { templates as texts } from '../../texts/en/auth-settings.ts';
import { templateFields } from '../../texts/en/setting-fields.ts';
import { templateForm } from './auth-fields.ts';
import { fillTemplate, VARIABLES, type Values } from './fill-template.ts';
import { HtmlPreview } from './html-preview.tsx';
import { SettingsForm } from './settings-form.tsx';
import type { Settings } from './settings-fields.ts';
import styles from './settings.module.css';
import { mayLeave } from '../../components/unsaved.ts';
import { useSettings, type AuthSettings } from './use-settings.ts';

type Kind = keyof typeof texts.kinds;
const KINDS = Object.entries(texts.kinds).map(([value, label]) => ({ value: value as Kind, label }));

interface Template {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** What each mail says: as the platform has it, or as the owner has written it. */
export function Templates({ auth }: { readonly auth: AuthSettings }) {
  const { change } = useSettings();
  const { act } = useAct('settings');
  const [kind, setKind] = useState<Kind>('confirmation');
  const [asks, setAsks] = useState(false);
  const own = auth.settings.templates[kind];
  const shown = own ?? auth.default_templates[kind];
  if (!shown) return null;
  // a first change of one has to come with all of it
  const send = (changed: Settings) => {
    const part = (changed['templates'] as Settings | undefined)?.[kind] as Partial<Template> | undefined;
    return change('auth', { templates: { [kind]: own ? part : { ...shown, ...part } } });
  };
  return (
    <Section title={texts.title} description={texts.description}>
      <div className={styles['form']}>
        <Select
          label={texts.kind}
          options={KINDS}
          value={kind}
          onValueChange={(to) => mayLeave() && setKind(to)}
        />
        <div className={styles['words']}>
          <Badge tone={own ? 'busy' : 'calm'}>{own ? texts.own : texts.ours}</Badge>
          <span className={styles['soft']}>
            {texts.variables}: {VARIABLES.map((name) => `{{ .${name} }}`).join(' ')} {'{{ .Data.x }}'}
          </span>
        </div>
        <SettingsForm
          key={kind}
          fields={templateForm(kind)}
          words={(path) => templateFields[path.split('.')[2] ?? ''] ?? { label: path }}
          saved={{ templates: { [kind]: shown } }}
          pointer="/body/settings"
          send={send}
        />
        {own && (
          <div className={styles['buttons']}>
            <Button small icon="undo" onClick={() => setAsks(true)}>
              {texts.reset}
            </Button>
          </div>
        )}
        <Preview template={shown} auth={auth} />
      </div>
      <ConfirmDialog
        open={asks}
        onOpenChange={setAsks}
        title={texts.resetTitle}
        description={texts.resetDescription}
        action={texts.reset}
        danger
        onConfirm={() => act(texts.resetDone, () => change('auth', { templates: { [kind]: null } }))}
      />
    </Section>
  );
}

/** Of what is saved. */
function Preview({ template, auth }: { readonly template: Template; readonly auth: AuthSettings }) {
  const values: Values = {
    ConfirmationURL: `${auth.auth_url}/verify?token=example&type=signup`,
    Token: '123456',
    TokenHash: 'example',
    SiteURL: auth.settings.site_url ?? auth.auth_url.replace(/\/auth\/v1$/, ''),
    RedirectTo: auth.settings.site_url ?? '',
    Email: 'ann@example.com',
    NewEmail: 'ann@example.org',
    OldEmail: 'ann@example.com',
  };
  return (
    <div className={styles['form']} role="group" aria-label={texts.preview}>
      <h3>{texts.preview}</h3>
      <p className={styles['soft']}>{texts.previewHint}</p>
      <p>
        {texts.previewSubject}: {fillTemplate(template.subject, values, false)}
      </p>
      <HtmlPreview className={styles['frame']} html={fillTemplate(template.html, values, true)} />
      <CodeBlock label={texts.previewText} code={fillTemplate(template.text, values, false)} />
    </div>
  );
}
