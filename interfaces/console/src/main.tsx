import './ahead.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { projectsQuery } from './api/projects.ts';
import { queryClient } from './api/query-client.ts';
import { sessionQuery } from './api/session.ts';
import { App } from './app/app.tsx';
import { watchBackButton } from './components/unsaved.ts';
import { restoreTheme } from './design/theme.ts';
import './design/tokens.css';
import './design/base.css';

restoreTheme();
watchBackButton();
// the platform serves the page at its root, too
if (location.pathname === '/') history.replaceState(null, '', '/console');

// what was asked for ahead is taken while the page is still being put together
void queryClient.prefetchQuery(sessionQuery);
if (/^\/console\/?$/.test(location.pathname)) void queryClient.prefetchQuery(projectsQuery);

const place = document.getElementById('app');
if (!place) throw new Error('the page has no place for the app');
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
