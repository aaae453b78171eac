/** The gateway's HTTP interface. Every call ends: an answer, an ApiError or, after ten seconds, a timeout. */

export interface Me {
  name: string;
  role: string;
  agent: string;
}

export interface Config {
  hotline_name: string;
  timezone: string;
  language: string;
  version: string;
}

/** The server's refusal. `status` 0: no answer at all. `message` is the server's own line, or empty. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 10_000;

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-Requested-With'] = 'hotline';
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      // A ticket field left while the page closes still reaches the server.
      keepalive: method !== 'GET',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined ? { body: JSON.stringify(body) } : {}),
    });
    text = await response.text();
  } catch {
    throw new ApiError(0, '');
  }
  let answer: unknown;
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    answer = {};
  }
  if (!response.ok) {
    const error = (answer as { error?: unknown }).error;
    throw new ApiError(response.status, typeof error === 'string' ? error : '');
  }
  return answer as T;
}

export function login(name: string, password: string): Promise<Me> {
  return call('POST', '/api/login', { name, password });
}

export function logout(): Promise<unknown> {
  return call('POST', '/api/logout');
}

/** Who is signed in, or null. */
export async function me(): Promise<Me | null> {
  try {
    return await call<Me>('GET', '/api/me');
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export function config(): Promise<Config> {
  return call('GET', '/api/config');
}

export function saveTicket(callId: string, fields: Record<string, string>): Promise<unknown> {
  return call('PATCH', `/api/tickets/${encodeURIComponent(callId)}`, { fields });
}

export function requestCallback(callId: string): Promise<unknown> {
  return call('POST', `/api/missed/${encodeURIComponent(callId)}/callback`);
}

export function submitTicket(callId: string): Promise<unknown> {
  return call('POST', `/api/tickets/${encodeURIComponent(callId)}/submit`);
}

export function chooseLanguage(callId: string, language: string): Promise<unknown> {
  return call('POST', `/api/calls/${encodeURIComponent(callId)}/language`, { language });
}

export function acknowledgeAlert(alertId: string): Promise<unknown> {
  return call('POST', `/api/alerts/${encodeURIComponent(alertId)}/acknowledge`);
}
