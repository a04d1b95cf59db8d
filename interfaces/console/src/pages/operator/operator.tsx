/** The operator's pages, for who has shown an operator's token. They stand beside the owners', with a frame of their own. */
import { useQuery } from '@tanstack/react-query';
import { Fragment, type ComponentType } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { operatorQuery, useOperatorLeft } from '../../api/operator.ts';
import { useOperatorEvents } from '../../api/operator-events.ts';
import type { IconName } from '../../components/icon.tsx';
import { loaded } from '../../components/loaded.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import { Frame } from './frame.tsx';
import { OperatorSignIn } from './operator-sign-in.tsx';
import Overview from './overview.tsx';

interface Part {
  readonly path: string;
  readonly title: string;
  readonly icon: IconName;
  readonly component: ComponentType;
}

const MEANWHILE = <SkeletonRows rows={5} />;

const PARTS: readonly Part[] = [
  { path: '/operator', title: texts.pages.overview, icon: 'home', component: Overview },
  {
    path: '/operator/projects',
    title: texts.pages.projects,
    icon: 'database',
    component: loaded(() => import('./projects.tsx'), MEANWHILE),
  },
  {
    path: '/operator/upgrades',
    title: texts.pages.upgrades,
    icon: 'upload',
    component: loaded(() => import('./upgrades.tsx'), MEANWHILE),
  },
  {
    path: '/operator/log',
    title: texts.pages.log,
    icon: 'log',
    component: loaded(() => import('./log-and-views.tsx'), MEANWHILE),
  },
  {
    path: '/operator/invites',
    title: texts.pages.invites,
    icon: 'users',
    component: loaded(() => import('./invites.tsx'), MEANWHILE),
  },
  {
    path: '/operator/tokens',
    title: texts.pages.tokens,
    icon: 'key',
    component: loaded(() => import('./operator-tokens.tsx'), MEANWHILE),
  },
  {
    path: '/operator/audit',
    title: texts.pages.audit,
    icon: 'clock',
    component: loaded(() => import('./operator-audit.tsx'), MEANWHILE),
  },
];

const OperatorAgain = loaded(() => import('./operator-again.tsx'));

export default function Operator() {
  const { data: session, error, refetch } = useQuery(operatorQuery);
  const left = useOperatorLeft();
  useOperatorEvents(Boolean(session));
  if (session === undefined)
    return error ? <ErrorState title={texts.failed} error={error} retry={() => void refetch()} /> : null;
  const shown = session ?? left;
  if (shown === null) return <OperatorSignIn />;
  return (
    // nothing that one operator typed is there for another
    <Fragment key={shown.id}>
      <Frame links={PARTS} session={shown}>
        <Switch>
          {PARTS.map(({ path, component: Component }) => (
            <Route key={path} path={path}>
              <Component />
            </Route>
          ))}
          <Route>
            <Redirect to="/operator" replace />
          </Route>
        </Switch>
      </Frame>
      {session === null && <OperatorAgain session={shown} />}
    </Fragment>
  );
}
