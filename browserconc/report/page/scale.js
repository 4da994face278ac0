// Time on the x axis, and how instants and durations are written.
class Scale {
  constructor(from, to, left, width) {
    Object.assign(this, { from, to, left, width: Math.max(width, 1) });
  }

  x(at) {
    return this.left + ((Math.min(Math.max(at, this.from), this.to) - this.from) / (this.to - this.from)) * this.width;
  }

  at(x) {
    return this.from + (Math.min(Math.max(x - this.left, 0), this.width) / this.width) * (this.to - this.from);
  }

  shows(from, to) {
    return to >= this.from && from <= this.to;
  }

  // Instants at steps of 1, 2 or 5, at least 72 px apart, with what stands at them.
  ticks() {
    const least = ((this.to - this.from) * 72) / this.width;
    const power = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= least);
    const [unit, name] = this.to - this.from >= 100_000 ? [1e6, "s"] : [1e3, "ms"];
    const decimals = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
    const ticks = [];
    for (let number = Math.ceil(this.from / step); number * step <= this.to; number += 1) {
      const at = number * step;
      ticks.push({ at, label: at === 0 ? `0 ${name}` : `${(at / unit).toFixed(decimals)} ${name}` });
    }
    return ticks;
  }
}

const EXACT = new Intl.NumberFormat("en", { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const exactly = (us) => `${EXACT.format(us / 1000)} ms`;
const roughly = (us) => `${(us / 1e6).toFixed(us < 9.995e6 ? 2 : 1)} s`;
