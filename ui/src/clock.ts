/** The server's clock on this machine, and how seconds are written. */

import { onScopeDispose, readonly, ref, type Ref } from 'vue';

/**
 * Estimates server time minus local time, in seconds. A `now` is always a little old when it arrives, so the
 * largest difference seen since the last snapshot is the nearest to the truth.
 */
export class ServerClock {
  private offset: number | null = null;

  reset(): void {
    this.offset = null;
  }

  hear(serverNow: number, localNow: number): void {
    const difference = serverNow - localNow;
    if (this.offset === null || difference > this.offset) this.offset = difference;
  }

  at(localNow: number): number {
    return localNow + (this.offset ?? 0);
  }
}

const TICK_MS = 200;

/** Seconds since the epoch on the server's clock, moving five times a second while the component lives. */
export function useNow(clock: ServerClock): Readonly<Ref<number>> {
  const now = ref(clock.at(Date.now() / 1000));
  const timer = setInterval(() => {
    now.value = clock.at(Date.now() / 1000);
  }, TICK_MS);
  onScopeDispose(() => clearInterval(timer));
  return readonly(now);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `mm:ss`, from one hour on `h:mm:ss`; whole seconds that have passed, never below zero. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  const hours = Math.floor(whole / 3600);
  const minutes = two(Math.floor(whole / 60) % 60);
  return hours > 0 ? `${hours}:${minutes}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `HH:mm` or `HH:mm:ss` of an instant in the hotline's time zone. */
export function timeOfDay(instant: number, timezone: string, withSeconds = false): string {
  return new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds ? { second: '2-digit' as const } : {}),
    hourCycle: 'h23',
    timeZone: timezone,
  }).format(instant * 1000);
}

/** How a waiting call stands: in time, near its target, or past it. */
export type Standing = 'in_time' | 'at_risk' | 'breached';

export function standing(now: number, atRiskAt: number, breachAt: number): Standing {
  if (now >= breachAt) return 'breached';
  return now >= atRiskAt ? 'at_risk' : 'in_time';
}

/** A share as a percentage with one decimal, rounded down so that 94.96 % never reads as 95 %; null: no data. */
export function percent(value: number | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  return `${(Math.floor(value * 1000 + 1e-9) / 10).toFixed(1)}%`;
}
