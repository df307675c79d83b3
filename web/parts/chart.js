// A chart over time. Series differ by dash as well as by colour; the table beside it says the same in words.
import uPlot from 'uplot';
import { View } from './view.js';
import { html } from 'lit';
import { color, themeChanged } from '../state/theme.js';
import { changed as routeChanged, route } from '../state/route.js';
import { moment } from '../words/span.js';

class Chart extends View {
  // series: [{label, color, dash, width, fill, bars, value}]; data: [seconds, values...] as uPlot has it.
  static properties = { data: { attribute: false }, series: { attribute: false }, height: { type: Number }, label: {},
    spans: { attribute: false }, plain: { type: Boolean } };

  #plot = null;
  #made = '';
  #observer;

  connectedCallback() {
    super.connectedCallback();
    this.follow(themeChanged, () => { this.#made = ''; });
    this.follow(routeChanged);
    this.#observer = new ResizeObserver(() => this.#plot?.setSize({ width: this.clientWidth, height: this.height }));
    this.#observer.observe(this);
    this.atEnd(() => { this.#observer.disconnect(); this.#plot?.destroy(); this.#plot = null; this.#made = ''; });
  }

  render() { return html`<div class="plot" role="img" aria-label=${this.label ?? ''}></div>`; }

  updated() {
    if (!this.data?.[0]?.length || !this.clientWidth) {
      this.#plot?.setData(this.data ?? [[]]);
      return;
    }
    const kind = JSON.stringify([this.series, route.zone, this.plain, this.height]);
    if (kind === this.#made && this.#plot) this.#plot.setData(this.data);
    else this.#make(kind);
  }

  #make(kind) {
    this.#made = kind;
    this.#plot?.destroy();
    const muted = color('muted'), line = color('line');
    const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: '11px system-ui', size: 58 };
    this.#plot = new uPlot({
      width: this.clientWidth, height: this.height, legend: { show: !this.plain, live: true },
      cursor: { show: !this.plain, y: false, drag: { setScale: false } },
      tzDate: route.zone === 'local' ? undefined : (at) => uPlot.tzDate(new Date(at * 1e3), 'Etc/UTC'),
      fmtDate: (template) => uPlot.fmtDate(template),
      scales: { x: { time: true }, y: { range: (_, low, high) => [Math.min(0, low), Math.max(high * 1.1, this.plain ? 0.0001 : 1)] } },
      axes: this.plain ? [{ show: false }, { show: false }] : [{ ...axis, size: 26, space: 80, values: twentyFour }, axis],
      padding: this.plain ? [2, 2, 2, 2] : [8, 30, 0, 0],
      hooks: { drawClear: [(plot) => this.#shade(plot)] },
      series: [{ label: 'Time', value: (_, at) => (at === null ? '' : moment(at * 1000, route.zone).slice(0, 19).replace('T', ' ')) }, ...this.series.map((each) => ({
        label: each.label, stroke: color(each.color), width: each.width ?? 1.5, dash: each.dash, points: { show: false },
        fill: each.fill ? color(each.fill) : undefined, paths: each.bars ? uPlot.paths.bars({ size: [0.95, Infinity], align: 1 }) : uPlot.paths.stepped({ align: 1 }),
      }))],
    }, this.data, this.querySelector('.plot'));
  }

  // What the server did not see.
  #shade(plot) {
    plot.ctx.save();
    plot.ctx.fillStyle = color('blind');
    for (const { from, to } of this.spans ?? []) {
      const x = Math.max(plot.valToPos(from / 1000, 'x', true), plot.bbox.left);
      const end = Math.min(plot.valToPos(to / 1000, 'x', true), plot.bbox.left + plot.bbox.width);
      if (end >= x) plot.ctx.fillRect(x, plot.bbox.top, Math.max(end - x, 2), plot.bbox.height);
    }
    plot.ctx.restore();
  }
}

const twentyFour = (plot, splits, _, __, step) => splits.map((at) => {
  const date = route.zone === 'local' ? new Date(at * 1000) : uPlot.tzDate(new Date(at * 1000), 'Etc/UTC');
  const two = (n) => String(n).padStart(2, '0');
  return step >= 86400 ? `${two(date.getMonth() + 1)}-${two(date.getDate())}`
    : `${two(date.getHours())}:${two(date.getMinutes())}${step < 60 ? `:${two(date.getSeconds())}` : ''}`;
});

customElements.define('lv-chart', Chart);
