/** A project's settings, in parts. Which one is shown stands in the address. */
import { useLocation, useRoute } from 'wouter';
import { PageHeader } from '../../components/page.tsx';
import { useProjectId } from '../../way/project-id.ts';
import { Tabs } from '../../components/tabs.tsx';
import { settings as texts } from '../../texts/en/settings.ts';
import { ApiSettings } from './api-settings.tsx';
import { AuthSettingsForms } from './auth-settings.tsx';
import { Extensions } from './extensions.tsx';
import { GeneralSettings } from './general-settings.tsx';
import { KeySettings } from './key-settings.tsx';
import { MailSettings } from './mail-settings.tsx';
import { StorageSettingsForms } from './storage-settings.tsx';
import { mayLeave } from '../../components/unsaved.ts';

const PARTS = {
  general: <GeneralSettings />,
  api: <ApiSettings />,
  auth: <AuthSettingsForms />,
  mails: <MailSettings />,
  storage: <StorageSettingsForms />,
  keys: <KeySettings />,
  extensions: <Extensions />,
} satisfies Record<keyof typeof texts.tabs, unknown>;
type Part = keyof typeof PARTS;
const isPart = (name: string | undefined): name is Part => name !== undefined && Object.hasOwn(PARTS, name);

export default function SettingsPage() {
  const project = useProjectId();
  const [, params] = useRoute<{ part: string }>('/projects/:project/settings/:part');
  const [, go] = useLocation();
  const part = isPart(params?.part) ? params.part : 'general';
  return (
    <>
      <PageHeader title={texts.title} />
      <Tabs
        label={texts.parts}
        value={part}
        onValueChange={(to) => mayLeave() && go(`/projects/${project}/settings/${to}`)}
        tabs={Object.entries(PARTS).map(([value, panel]) => ({
          value,
          label: texts.tabs[value as Part],
          panel,
        }))}
      />
    </>
  );
}
