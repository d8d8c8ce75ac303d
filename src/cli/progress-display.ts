// Progress on standard error: one live line on a terminal, a line when it starts and every ten seconds
// elsewhere, nothing with --quiet.
import { isatty } from 'node:tty';
import { count, scaled, time } from '../report/format.js';
import { bar, columns, type Look, toAscii } from '../report/style.js';
import type { Progress } from '../run/index.js';
import { lookOf, note } from './output.js';

const lineEveryMs = 10_000;

export class ProgressDisplay {
  private readonly live: boolean;
  private readonly look: Look;
  private started = performance.now();
  private lastLine = this.started;
  private drawn = false;

  /** `preparing`: there is something to set up that can fail; it starts with the first packet. */
  constructor(
    private readonly title: string,
    private readonly quiet: boolean,
    private preparing = false,
  ) {
    this.live = !quiet && isatty(2) && process.env.TERM !== 'dumb';
    this.look = lookOf(2);
    if (this.live) this.draw(`${title} …`);
    else if (!preparing) this.begin();
  }

  /** Of one run. */
  readonly update = (progress: Progress): void => {
    if (this.preparing && progress.offered === 0) return;
    if (this.preparing) this.begin();
    this.show(this.facts(progress), progress.share);
  };

  /** Any progress: what to say, and how far it is (0..1, or null if nobody knows). */
  show(facts: string, share: number | null): void {
    if (this.quiet) return;
    const done = share === null ? '' : `${Math.floor(share * 100)} % · `;
    if (this.live) {
      this.draw(`${this.title} ${this.gauge(share)} ${done}${facts}${this.left(share)}`);
      return;
    }
    const now = performance.now();
    if (now - this.lastLine < lineEveryMs) return;
    this.lastLine = now;
    note(this.plain(`${this.title}: ${done}${facts}${this.left(share)}\n`));
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.drawn) note('\r\u001b[K');
    this.drawn = false;
  }

  private begin(): void {
    this.preparing = false;
    this.started = performance.now();
    if (!this.quiet && !this.live) note(this.plain(`${this.title}: started\n`));
  }

  private draw(text: string): void {
    // A line that wraps could not be taken away again.
    const fits = columns(text) < this.look.width ? text : [...text].slice(0, this.look.width - 1).join('');
    note(`\r${this.plain(fits)}\u001b[K`);
    this.drawn = true;
  }

  private gauge(share: number | null): string {
    if (share === null || !this.look.unicode) return '';
    return `▕${bar(this.look, share, 20).padEnd(20)}▏`;
  }

  private left(share: number | null): string {
    if (share === null || share < 0.02 || share >= 1) return '';
    const seconds = (performance.now() - this.started) / 1000;
    return ` · ${time((seconds / share - seconds) * 1e9)} left`;
  }

  private facts({ timeNs, offered, dropped }: Progress): string {
    const seconds = (performance.now() - this.started) / 1000;
    return `${time(timeNs)} · ${scaled(offered)} packets (${scaled(offered / seconds)}/s) · ${count(dropped)} dropped`;
  }

  private plain(text: string): string {
    return this.look.unicode ? text : toAscii(text);
  }
}
