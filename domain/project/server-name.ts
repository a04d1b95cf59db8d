/** A PostgreSQL server that holds projects' databases, by the name that the log knows it by. */
export type ServerName = string;

/** The one that there has always been. */
export const MAIN_SERVER: ServerName = 'main';
