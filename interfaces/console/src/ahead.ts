/** A file of its own, which runs first: what the first page surely needs is asked for while its code is still on its way. */
import { askAhead, PROJECTS_PER_PAGE } from './api/ahead.ts';

askAhead('/api/session');
if (/^\/(console\/?)?$/.test(location.pathname)) askAhead(`/api/projects?limit=${PROJECTS_PER_PAGE}`);
