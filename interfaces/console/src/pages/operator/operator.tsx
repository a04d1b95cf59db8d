/** The operator's pages, for who has shown an operator's token. They stand beside the owners', with a frame of their own. */
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, type ComponentType } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { operatorQuery } from '../../api/operator.ts';
import type { IconName } from '../../components/icon.tsx';
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

const PARTS: readonly Part[] = [
  { path: '/operator', title: texts.pages.overview, icon: 'home', component: Overview },
  {
    path: '/operator/projects',
    title: texts.pages.projects,
    icon: 'database',
    component: lazy(() => import('./projects.tsx')),
  },
  {
    path: '/operator/upgrades',
    title: texts.pages.upgrades,
    icon: 'upload',
    component: lazy(() => import('./upgrades.tsx')),
  },
  {
    path: '/operator/log',
    title: texts.pages.log,
    icon: 'log',
    component: lazy(() => import('./log-and-views.tsx')),
  },
  {
    path: '/operator/invites',
    title: texts.pages.invites,
    icon: 'users',
    component: lazy(() => import('./invites.tsx')),
  },
  {
    path: '/operator/tokens',
    title: texts.pages.tokens,
    icon: 'key',
    component: lazy(() => import('./operator-tokens.tsx')),
  },
  {
    path: '/operator/audit',
    title: texts.pages.audit,
    icon: 'clock',
    component: lazy(() => import('./operator-audit.tsx')),
  },
];

export default function Operator() {
  const { data: session, error, refetch } = useQuery(operatorQuery);
  if (session === undefined)
    return error ? <ErrorState title={texts.failed} error={error} retry={() => void refetch()} /> : null;
  if (session === null) return <OperatorSignIn />;
  return (
    <Frame links={PARTS} session={session}>
      <Suspense fallback={<SkeletonRows rows={5} />}>
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
      </Suspense>
    </Frame>
  );
}
