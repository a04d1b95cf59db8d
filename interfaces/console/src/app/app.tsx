/** Who is signed in decides what is shown: the page, or the way in, which leads back to where one was. */
import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { Fragment, useEffect, useState } from 'react';
import { Redirect, Route, Router, Switch, useLocation, useSearch } from 'wouter';
import { queryClient } from '../api/query-client.ts';
import { useLeftOpen, useSession } from '../api/session.ts';
import { useWaiting } from '../components/toast.ts';
import { loaded } from '../components/loaded.tsx';
import { ErrorState } from '../components/states.tsx';
import { shell as texts } from '../texts/en/shell.ts';
import { ErrorBoundary } from './error-boundary.tsx';
import { NotFound } from './not-found.tsx';
import { PAGES, type Page } from './pages.ts';
import { useTitle } from '../components/page.tsx';
import { Shell } from './shell.tsx';
import { signInPath } from '../way/way-back.ts';

export function App() {
  return (
    // nothing of Base UI's writes a style element, which our policy refuses
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <Router base="/console">
          <Pages />
        </Router>
        <Said />
      </QueryClientProvider>
    </CSPProvider>
  );
}

const Toasts = loaded(() => import('../components/toasts.tsx'));

/** From the first thing that there is to say. */
function Said() {
  const [begun, setBegun] = useState(false);
  const waiting = useWaiting();
  if (waiting.length > 0 && !begun) setBegun(true);
  return begun && <Toasts />;
}

/** Over the page, which stays as it is: nothing that was typed is lost, and nothing of it is kept anywhere. */
const SignInAgain = loaded(() => import('../pages/session/sign-in-again.tsx'));

function Pages() {
  return (
    <Switch>
      {PAGES.map((page) => (
        <Route key={page.path} path={page.path}>
          {page.open ? <Open page={page} /> : <Own page={page} />}
        </Route>
      ))}
      <Route>
        <Own page={undefined} />
      </Route>
    </Switch>
  );
}

function Open({ page }: { readonly page: Page }) {
  return <Content page={page} />;
}

/** Only for who is signed in. */
function Own({ page }: { readonly page: Page | undefined }) {
  const session = useSession();
  const left = useLeftOpen();
  const [path] = useLocation();
  const search = useSearch();
  // most who come are signed in: their page is loaded while the platform looks
  useEffect(() => void page?.component.load(), [page]);
  // whoever is known stays so while the platform is away
  if (session.data === undefined)
    return session.isError ? (
      <ErrorState title={texts.unavailable} error={session.error} retry={() => void session.refetch()} />
    ) : null;
  const shown = session.data ?? left;
  if (shown === null) return <Redirect to={signInPath(path, search)} replace />;
  return (
    // nothing that one owner typed is there for another
    <Fragment key={shown.owner_id}>
      <Shell session={shown} full={page?.full === true}>
        {page ? <Content page={page} /> : <NotFound />}
      </Shell>
      {session.data === null && <SignInAgain session={shown} />}
    </Fragment>
  );
}

function Content({ page: { component: Component, title } }: { readonly page: Page }) {
  const [path] = useLocation();
  useTitle(title);
  return (
    <ErrorBoundary place={path}>
      <Component />
    </ErrorBoundary>
  );
}
