/**
 * Suite -> package -> why slipway installs other packages for it than apt, as `npm run resolver-proof` finds it in the packages. Both sets are whole
 * in every case. Where apt has two, it took one before it came to what brings the other anyway; where each has another, nothing says which is better:
 * slipway takes what lacks least, and apt what its cache has last.
 */
export const differences: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bookworm: {
    "barman-cli-cloud":
      "python3-argcomplete needs python3-importlib-metadata | python3 (<< 3.6) | python3 (>> 3.7): slipway has python3, apt python3 and python3-importlib-metadata",
    "courier-mta":
      "courier-authdaemon needs lsb-base (>= 3.0-10): slipway has sysvinit-utils, apt lsb-base and sysvinit-utils",
    "fs-uae-arcade":
      "python3-opengl needs libgl1-mesa-glx | libgl1: slipway has libgl1, apt libgl1 and libgl1-mesa-glx",
    kile: "fontconfig-config needs fonts-dejavu-core | ttf-bitstream-vera | fonts-liberation | fonts-liberation2 | fonts-croscore | fonts-freefont-otf | fonts-freefont-ttf | fonts-urw-base35 | fonts-texgyre: slipway has fonts-urw-base35, apt fonts-dejavu-core and fonts-urw-base35",
    muffin:
      "gstreamer1.0-plugins-good needs libsoup2.4-1 (>= 2.48) | libsoup-3.0-0: slipway has libsoup-3.0-0, apt libsoup-3.0-0 and libsoup2.4-1",
    "php-async-aws-ses":
      "php-json needs php8.2-json: slipway has libphp8.2-embed and php8.2-cli, apt php8.2-cli and php8.2-phpdbg",
    "r-cran-fportfolio": "r-cran-rcpp needs littler: slipway has r-cran-littler, apt littler and r-cran-littler",
  },
  trixie: {
    "elpa-snakemake":
      "elpa-snakemake needs emacs-el (>= 1:28) | elpa-transient: slipway has emacs-common and emacs-el, apt elpa-transient",
    kile: "fontconfig-config needs fonts-dejavu-core | fonts-liberation | fonts-croscore | fonts-freefont-otf | fonts-freefont-ttf | fonts-urw-base35 | fonts-texgyre | fonts-noto-core: slipway has fonts-urw-base35, apt fonts-dejavu-core and fonts-urw-base35",
    "php-async-aws-ses":
      "php-json needs php8.4-json: slipway has libphp8.4-embed and php8.4-cli, apt php8.4-cli and php8.4-phpdbg",
    "python3-aioshutil":
      "python3-aioshutil needs python3-typing-extensions | python3-supported-min (>= 3.10): slipway has python3, apt python3 and python3-typing-extensions",
    "r-cran-fportfolio": "r-cran-rcpp needs littler: slipway has r-cran-littler, apt littler and r-cran-littler",
  },
};
