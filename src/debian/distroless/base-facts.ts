import type { BaseFacts } from "./facts-of.ts";

// Written by scripts/base-facts.ts: figures are measured, and the libraries read of the bases.

/** The day on which all this was measured. */
export const measuredOn = "2026-11-22";

export const baseFacts: BaseFacts = {
  bookworm: {
    release: "12.15",
    sizes: {
      static: { amd64: [1959225, 595496], arm64: [1959225, 595496] },
      "base-nossl": { amd64: [15010737, 5693583], arm64: [25597046, 5712893] },
      base: { amd64: [20671551, 8061448], arm64: [31206660, 7909965] },
      cc: { amd64: [23468820, 9098862], arm64: [34036891, 8886518] },
      python3: { amd64: [53106963, 19782697], arm64: [65403496, 19362257] },
      "java-base": { amd64: [30417236, 12518177], arm64: [41307879, 12438363] },
      java17: { amd64: [223516954, 82234298], arm64: [235256473, 81437292] },
      nodejs: { amd64: [115607550, 42294761], arm64: [122416685, 41315246] },
    },
    libraries: {
      "ld-linux-x86-64.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.35"],
      },
      "libBrokenLocale.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libanl.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libbrotlicommon.so.1": { bases: ["java-base", "java17", "nodejs"], versions: [] },
      "libbrotlidec.so.1": { bases: ["java-base", "java17", "nodejs"], versions: [] },
      "libbrotlienc.so.1": { bases: ["java-base", "java17", "nodejs"], versions: [] },
      "libbz2.so.1.0": { bases: ["python3"], versions: [] },
      "libc.so.6": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.36"],
      },
      "libc_malloc_debug.so.0": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.33"],
      },
      "libcares.so.2": { bases: ["nodejs"], versions: [] },
      "libcom_err.so.2": { bases: ["python3"], versions: [] },
      "libcrypt.so.1": { bases: ["python3", "java-base", "java17"], versions: ["GLIBC_2.2.5", "XCRYPT_4.4"] },
      "libcrypto.so.3": { bases: ["base", "cc", "python3", "nodejs"], versions: ["OPENSSL_3.0.9"] },
      "libdb-5.3.so": { bases: ["python3"], versions: ["DB5_3"] },
      "libdl.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.3.4"],
      },
      "libexpat.so.1": { bases: ["python3", "java-base", "java17"], versions: [] },
      "libexpatw.so.1": { bases: ["python3", "java-base", "java17"], versions: [] },
      "libffi.so.8": {
        bases: ["python3"],
        versions: ["LIBFFI_BASE_8.0", "LIBFFI_CLOSURE_8.0", "LIBFFI_COMPLEX_8.0", "LIBFFI_GO_CLOSURE_8.0"],
      },
      "libfontconfig.so.1": { bases: ["java-base", "java17"], versions: [] },
      "libformw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libfreetype.so.6": { bases: ["java-base", "java17"], versions: [] },
      "libgcc_s.so.1": { bases: ["cc", "python3", "java-base", "java17", "nodejs"], versions: ["GCC_12.0.0"] },
      "libgio-2.0.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libglib-2.0.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libgmodule-2.0.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libgobject-2.0.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libgomp.so.1": {
        bases: ["cc", "python3", "nodejs"],
        versions: ["GOACC_2.0.2", "GOMP_5.1", "GOMP_PLUGIN_1.3", "OACC_2.6", "OMP_5.1"],
      },
      "libgraphite2.so.3": { bases: ["java-base", "java17"], versions: [] },
      "libgssapi_krb5.so.2": { bases: ["python3"], versions: [] },
      "libgthread-2.0.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libharfbuzz.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libhistory.so.8": { bases: ["python3"], versions: [] },
      "libicudata.so.72": { bases: ["nodejs"], versions: [] },
      "libicui18n.so.72": { bases: ["nodejs"], versions: [] },
      "libicuio.so.72": { bases: ["nodejs"], versions: [] },
      "libicutest.so.72": { bases: ["nodejs"], versions: [] },
      "libicutu.so.72": { bases: ["nodejs"], versions: [] },
      "libicuuc.so.72": { bases: ["nodejs"], versions: [] },
      "libjpeg.so.62": { bases: ["java-base", "java17"], versions: ["LIBJPEGTURBO_6.2", "LIBJPEG_6.2"] },
      "libk5crypto.so.3": { bases: ["python3"], versions: [] },
      "libkeyutils.so.1": { bases: ["python3"], versions: ["KEYUTILS_1.10"] },
      "libkrb5.so.3": { bases: ["python3"], versions: [] },
      "libkrb5support.so.0": { bases: ["python3"], versions: [] },
      "liblcms2.so.2": { bases: ["java-base", "java17"], versions: [] },
      "liblzma.so.5": { bases: ["python3"], versions: ["XZ_5.4"] },
      "libm.so.6": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.35"],
      },
      "libmemusage.so": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: [],
      },
      "libmenuw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libmvec.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.35"],
      },
      "libncursesw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libnghttp2.so.14": { bases: ["nodejs"], versions: [] },
      "libnode.so.108": { bases: ["nodejs"], versions: [] },
      "libnsl.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libnsl.so.2": { bases: ["python3"], versions: ["LIBNSL_1.0.2"] },
      "libnss_compat.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: [],
      },
      "libnss_dns.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: [],
      },
      "libnss_files.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: [],
      },
      "libnss_hesiod.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: [],
      },
      "libpanelw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libpcprofile.so": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: [],
      },
      "libpcre2-8.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libpng16.so.16": { bases: ["java-base", "java17"], versions: ["PNG16_0"] },
      "libpthread.so.0": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.31"],
      },
      "libreadline.so.8": { bases: ["python3"], versions: [] },
      "libresolv.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.9"],
      },
      "librt.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.7"],
      },
      "libsqlite3.so.0": { bases: ["python3"], versions: [] },
      "libssl.so.3": { bases: ["base", "cc", "python3", "nodejs"], versions: ["OPENSSL_3.0.0"] },
      "libstdc++.so.6": {
        bases: ["cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["CXXABI_1.3.13", "CXXABI_TM_1", "GLIBCXX_3.4.30"],
      },
      "libthread_db.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.3.3"],
      },
      "libtic.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libtinfo.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libtirpc.so.3": { bases: ["python3"], versions: ["TIRPC_0.3.3"] },
      "libutil.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libuuid.so.1": { bases: ["python3", "java-base", "java17"], versions: ["UUID_2.36"] },
      "libuv.so.1": { bases: ["nodejs"], versions: [] },
      "libz.so.1": { bases: ["python3", "java-base", "java17", "nodejs"], versions: ["ZLIB_1.2.12"] },
    },
  },
  trixie: {
    release: "13.7",
    sizes: {
      static: { amd64: [2116940, 632963], arm64: [2116940, 632903] },
      "base-nossl": { amd64: [15387071, 5852008], arm64: [26155175, 5914800] },
      base: { amd64: [24084352, 9221083], arm64: [34660442, 9600457] },
      cc: { amd64: [27329637, 10438450], arm64: [37844577, 10741356] },
      python3: { amd64: [57937894, 21701968], arm64: [70794666, 21751581] },
      "java-base": { amd64: [31400187, 12754266], arm64: [42691694, 12713160] },
      java21: { amd64: [234888752, 82324033], arm64: [246396449, 81342084] },
      java25: { amd64: [276468833, 97115144], arm64: [287137683, 95872157] },
      nodejs: { amd64: [128023626, 46431666], arm64: [134276388, 45803521] },
    },
    libraries: {
      "ld-linux-x86-64.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.35"],
      },
      "libBrokenLocale.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libanl.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libatomic.so.1": { bases: ["java-base", "java21", "java25"], versions: ["LIBATOMIC_1.2"] },
      "libbrotlicommon.so.1": { bases: ["java-base", "java21", "java25", "nodejs"], versions: [] },
      "libbrotlidec.so.1": { bases: ["java-base", "java21", "java25", "nodejs"], versions: [] },
      "libbrotlienc.so.1": { bases: ["java-base", "java21", "java25", "nodejs"], versions: [] },
      "libbz2.so.1.0": { bases: ["python3", "java-base", "java21", "java25"], versions: [] },
      "libc.so.6": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.41"],
      },
      "libc_malloc_debug.so.0": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.33"],
      },
      "libcares.so.2": { bases: ["nodejs"], versions: [] },
      "libcom_err.so.2": { bases: ["python3"], versions: [] },
      "libcrypt.so.1": { bases: ["python3", "java-base", "java21", "java25"], versions: ["GLIBC_2.2.5", "XCRYPT_4.4"] },
      "libcrypto.so.3": { bases: ["base", "cc", "python3", "nodejs"], versions: ["OPENSSL_3.5.0"] },
      "libdb-5.3.so": { bases: ["python3"], versions: ["DB5_3"] },
      "libdl.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.3.4"],
      },
      "libexpat.so.1": { bases: ["python3", "java-base", "java21", "java25"], versions: [] },
      "libexpatw.so.1": { bases: ["python3", "java-base", "java21", "java25"], versions: [] },
      "libffi.so.8": {
        bases: ["python3"],
        versions: ["LIBFFI_BASE_8.0", "LIBFFI_CLOSURE_8.0", "LIBFFI_COMPLEX_8.0", "LIBFFI_GO_CLOSURE_8.0"],
      },
      "libfontconfig.so.1": { bases: ["java-base", "java21", "java25"], versions: [] },
      "libformw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.5.20240427", "NCURSESW6_6.2.20200212"],
      },
      "libfreetype.so.6": { bases: ["java-base", "java21", "java25"], versions: [] },
      "libgcc_s.so.1": {
        bases: ["cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GCC_14.0.0"],
      },
      "libgio-2.0.so.0": { bases: ["java-base", "java21", "java25"], versions: [] },
      "libglib-2.0.so.0": { bases: ["java-base", "java21", "java25"], versions: [] },
      "libgmodule-2.0.so.0": { bases: ["java-base", "java21", "java25"], versions: [] },
      "libgobject-2.0.so.0": { bases: ["java-base", "java21", "java25"], versions: [] },
      "libgomp.so.1": {
        bases: ["cc", "python3", "nodejs"],
        versions: ["GOACC_2.0.2", "GOMP_5.1.2", "GOMP_PLUGIN_1.4", "OACC_2.6", "OMP_5.2"],
      },
      "libgraphite2.so.3": { bases: ["java-base", "java21", "java25"], versions: [] },
      "libgssapi_krb5.so.2": { bases: ["python3"], versions: [] },
      "libgthread-2.0.so.0": { bases: ["java-base", "java21", "java25"], versions: [] },
      "libharfbuzz.so.0": { bases: ["java-base", "java21", "java25"], versions: [] },
      "libhistory.so.8": { bases: ["python3"], versions: [] },
      "libicudata.so.76": { bases: ["nodejs"], versions: [] },
      "libicui18n.so.76": { bases: ["nodejs"], versions: [] },
      "libicuio.so.76": { bases: ["nodejs"], versions: [] },
      "libicutest.so.76": { bases: ["nodejs"], versions: [] },
      "libicutu.so.76": { bases: ["nodejs"], versions: [] },
      "libicuuc.so.76": { bases: ["nodejs"], versions: [] },
      "libjpeg.so.62": { bases: ["java-base", "java21", "java25"], versions: ["LIBJPEGTURBO_6.2", "LIBJPEG_6.2"] },
      "libk5crypto.so.3": { bases: ["python3"], versions: [] },
      "libkeyutils.so.1": { bases: ["python3"], versions: ["KEYUTILS_1.10"] },
      "libkrb5.so.3": { bases: ["python3"], versions: [] },
      "libkrb5support.so.0": { bases: ["python3"], versions: [] },
      "liblcms2.so.2": { bases: ["java-base", "java21", "java25"], versions: [] },
      "liblzma.so.5": { bases: ["python3"], versions: ["XZ_5.8"] },
      "libm.so.6": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.41"],
      },
      "libmemusage.so": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: [],
      },
      "libmenuw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.5.20240427", "NCURSESW6_6.2.20200212"],
      },
      "libmvec.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.35"],
      },
      "libncursesw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.5.20240427", "NCURSESW6_6.2.20200212"],
      },
      "libnghttp2.so.14": { bases: ["nodejs"], versions: [] },
      "libnode.so.115": { bases: ["nodejs"], versions: [] },
      "libnsl.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libnsl.so.2": { bases: ["python3"], versions: ["LIBNSL_1.0.2"] },
      "libnss_compat.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: [],
      },
      "libnss_dns.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: [],
      },
      "libnss_files.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: [],
      },
      "libnss_hesiod.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: [],
      },
      "libpanelw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.5.20240427", "NCURSESW6_6.2.20200212"],
      },
      "libpcprofile.so": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: [],
      },
      "libpcre2-8.so.0": { bases: ["java-base", "java21", "java25"], versions: [] },
      "libpng16.so.16": { bases: ["java-base", "java21", "java25"], versions: ["PNG16_0"] },
      "libpthread.so.0": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.31"],
      },
      "libreadline.so.8": { bases: ["python3"], versions: [] },
      "libresolv.so.2": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.9"],
      },
      "librt.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.7"],
      },
      "libsqlite3.so.0": { bases: ["python3"], versions: [] },
      "libssl.so.3": { bases: ["base", "cc", "python3", "nodejs"], versions: ["OPENSSL_3.5.0"] },
      "libstdc++.so.6": {
        bases: ["cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["CXXABI_1.3.15", "CXXABI_TM_1", "GLIBCXX_3.4.33"],
      },
      "libthread_db.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.3.3"],
      },
      "libtic.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.5.20240427", "NCURSESW6_6.2.20200212"],
      },
      "libtinfo.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.5.20240427", "NCURSESW6_6.2.20200212"],
      },
      "libtirpc.so.3": { bases: ["python3"], versions: ["TIRPC_0.3.3"] },
      "libutil.so.1": {
        bases: ["base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libuuid.so.1": { bases: ["python3", "java-base", "java21", "java25"], versions: ["UUID_2.41"] },
      "libuv.so.1": { bases: ["nodejs"], versions: [] },
      "libz.so.1": {
        bases: ["base", "cc", "python3", "java-base", "java21", "java25", "nodejs"],
        versions: ["ZLIB_1.2.12"],
      },
      "libzstd.so.1": { bases: ["base", "cc", "python3", "nodejs"], versions: [] },
    },
  },
};
