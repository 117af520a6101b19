import type { BaseFacts } from "./facts-of.ts";

// Written by scripts/base-facts.ts: figures are measured, and the libraries read of the bases.

/** The day on which all this was measured. */
export const measuredOn = "2026-11-22";

export const baseFacts: BaseFacts = {
  bookworm: {
    release: "12.15",
    sizes: {
      static: { arm64: [1959225], amd64: [2069868] },
      nodejs: { amd64: [116172649], arm64: [122416685] },
      "java-base": { arm64: [41307879], amd64: [33496420] },
      python3: { arm64: [65403496], amd64: [54422815] },
      "base-nossl": { amd64: [14897361], arm64: [25597046] },
      cc: { amd64: [23642097], arm64: [34036891] },
      java17: { arm64: [235256473], amd64: [226614790] },
      base: { amd64: [20819404], arm64: [31206660] },
    },
    libraries: {
      "libbrotlicommon.so.1": { bases: ["nodejs", "java-base", "java17"], versions: [] },
      "libbrotlidec.so.1": { bases: ["nodejs", "java-base", "java17"], versions: [] },
      "libbrotlienc.so.1": { bases: ["nodejs", "java-base", "java17"], versions: [] },
      "libcares.so.2": { bases: ["nodejs"], versions: [] },
      "libcrypto.so.3": { bases: ["nodejs", "cc", "base", "python3"], versions: ["OPENSSL_3.0.9"] },
      "libgomp.so.1": {
        bases: ["nodejs", "cc", "python3"],
        versions: ["GOACC_2.0.2", "GOMP_5.1", "GOMP_PLUGIN_1.3", "OACC_2.6", "OMP_5.1"],
      },
      "libicudata.so.72": { bases: ["nodejs"], versions: [] },
      "libicui18n.so.72": { bases: ["nodejs"], versions: [] },
      "libicuio.so.72": { bases: ["nodejs"], versions: [] },
      "libicutest.so.72": { bases: ["nodejs"], versions: [] },
      "libicutu.so.72": { bases: ["nodejs"], versions: [] },
      "libicuuc.so.72": { bases: ["nodejs"], versions: [] },
      "libnghttp2.so.14": { bases: ["nodejs"], versions: [] },
      "libnode.so.108": { bases: ["nodejs"], versions: [] },
      "libssl.so.3": { bases: ["nodejs", "cc", "base", "python3"], versions: ["OPENSSL_3.0.0"] },
      "libstdc++.so.6": {
        bases: ["nodejs", "cc", "java-base", "python3", "java17"],
        versions: ["CXXABI_1.3.13", "CXXABI_TM_1", "GLIBCXX_3.4.30"],
      },
      "libuv.so.1": { bases: ["nodejs"], versions: [] },
      "ld-linux-x86-64.so.2": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.35"],
      },
      "libBrokenLocale.so.1": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.2.5"],
      },
      "libanl.so.1": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.2.5"],
      },
      "libc.so.6": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.36"],
      },
      "libc_malloc_debug.so.0": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.33"],
      },
      "libdl.so.2": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.3.4"],
      },
      "libgcc_s.so.1": { bases: ["nodejs", "cc", "java-base", "python3", "java17"], versions: ["GCC_12.0.0"] },
      "libm.so.6": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.35"],
      },
      "libmemusage.so": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: [],
      },
      "libmvec.so.1": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.35"],
      },
      "libnsl.so.1": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.2.5"],
      },
      "libnss_compat.so.2": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: [],
      },
      "libnss_dns.so.2": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: [],
      },
      "libnss_files.so.2": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: [],
      },
      "libnss_hesiod.so.2": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: [],
      },
      "libpcprofile.so": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: [],
      },
      "libpthread.so.0": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.31"],
      },
      "libresolv.so.2": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.9"],
      },
      "librt.so.1": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.7"],
      },
      "libthread_db.so.1": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.3.3"],
      },
      "libutil.so.1": {
        bases: ["nodejs", "base-nossl", "cc", "java-base", "base", "python3", "java17"],
        versions: ["GLIBC_2.2.5"],
      },
      "libz.so.1": { bases: ["nodejs", "java-base", "python3", "java17"], versions: ["ZLIB_1.2.12"] },
      "libexpatw.so.1": { bases: ["java-base", "python3", "java17"], versions: [] },
      "libfontconfig.so.1": { bases: ["java-base", "java17"], versions: [] },
      "libfreetype.so.6": { bases: ["java-base", "java17"], versions: [] },
      "libgio-2.0.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libglib-2.0.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libgmodule-2.0.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libgobject-2.0.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libgraphite2.so.3": { bases: ["java-base", "java17"], versions: [] },
      "libgthread-2.0.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libharfbuzz.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libjpeg.so.62": { bases: ["java-base", "java17"], versions: ["LIBJPEGTURBO_6.2", "LIBJPEG_6.2"] },
      "liblcms2.so.2": { bases: ["java-base", "java17"], versions: [] },
      "libpcre2-8.so.0": { bases: ["java-base", "java17"], versions: [] },
      "libpng16.so.16": { bases: ["java-base", "java17"], versions: ["PNG16_0"] },
      "libuuid.so.1": { bases: ["java-base", "python3", "java17"], versions: ["UUID_2.36"] },
      "libcrypt.so.1": { bases: ["java-base", "python3", "java17"], versions: ["GLIBC_2.2.5", "XCRYPT_4.4"] },
      "libexpat.so.1": { bases: ["java-base", "python3", "java17"], versions: [] },
      "libdb-5.3.so": { bases: ["python3"], versions: ["DB5_3"] },
      "libffi.so.8": {
        bases: ["python3"],
        versions: ["LIBFFI_BASE_8.0", "LIBFFI_CLOSURE_8.0", "LIBFFI_COMPLEX_8.0", "LIBFFI_GO_CLOSURE_8.0"],
      },
      "libformw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libgssapi_krb5.so.2": { bases: ["python3"], versions: [] },
      "libk5crypto.so.3": { bases: ["python3"], versions: [] },
      "libkrb5.so.3": { bases: ["python3"], versions: [] },
      "libkrb5support.so.0": { bases: ["python3"], versions: [] },
      "libmenuw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libnsl.so.2": { bases: ["python3"], versions: ["LIBNSL_1.0.2"] },
      "libpanelw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libsqlite3.so.0": { bases: ["python3"], versions: [] },
      "libtic.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libbz2.so.1.0": { bases: ["python3"], versions: [] },
      "libcom_err.so.2": { bases: ["python3"], versions: [] },
      "libhistory.so.8": { bases: ["python3"], versions: [] },
      "libkeyutils.so.1": { bases: ["python3"], versions: ["KEYUTILS_1.10"] },
      "liblzma.so.5": { bases: ["python3"], versions: ["XZ_5.4"] },
      "libncursesw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libreadline.so.8": { bases: ["python3"], versions: [] },
      "libtinfo.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.2.20211010", "NCURSESW6_6.2.20200212"],
      },
      "libtirpc.so.3": { bases: ["python3"], versions: ["TIRPC_0.3.3"] },
    },
  },
  trixie: {
    release: "13.7",
    sizes: {
      python3: { amd64: [57937894], arm64: [72520067] },
      cc: { amd64: [27329637], arm64: [38193030] },
      "java-base": { arm64: [44347053], amd64: [33088381] },
      static: { arm64: [2333823], amd64: [2333823] },
      java25: { amd64: [278179534], arm64: [287137683] },
      java21: { arm64: [248073572], amd64: [234888752] },
      nodejs: { arm64: [134276388], amd64: [128687952] },
      "base-nossl": { arm64: [26131131], amd64: [15363027] },
      base: { arm64: [34971984], amd64: [24395894] },
    },
    libraries: {
      "ld-linux-x86-64.so.2": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.35"],
      },
      "libBrokenLocale.so.1": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libanl.so.1": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libbz2.so.1.0": { bases: ["python3", "java21"], versions: [] },
      "libc.so.6": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.41"],
      },
      "libc_malloc_debug.so.0": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.33"],
      },
      "libcom_err.so.2": { bases: ["python3"], versions: [] },
      "libcrypt.so.1": { bases: ["python3", "java25", "java-base", "java21"], versions: ["GLIBC_2.2.5", "XCRYPT_4.4"] },
      "libcrypto.so.3": { bases: ["python3", "cc", "base", "nodejs"], versions: ["OPENSSL_3.5.0"] },
      "libdb-5.3.so": { bases: ["python3"], versions: ["DB5_3"] },
      "libdl.so.2": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.3.4"],
      },
      "libexpat.so.1": { bases: ["python3", "java25", "java-base", "java21"], versions: [] },
      "libexpatw.so.1": { bases: ["python3", "java25", "java-base", "java21"], versions: [] },
      "libffi.so.8": {
        bases: ["python3"],
        versions: ["LIBFFI_BASE_8.0", "LIBFFI_CLOSURE_8.0", "LIBFFI_COMPLEX_8.0", "LIBFFI_GO_CLOSURE_8.0"],
      },
      "libformw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.5.20240427", "NCURSESW6_6.2.20200212"],
      },
      "libgcc_s.so.1": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "nodejs"],
        versions: ["GCC_14.0.0"],
      },
      "libgomp.so.1": {
        bases: ["python3", "cc", "nodejs"],
        versions: ["GOACC_2.0.2", "GOMP_5.1.2", "GOMP_PLUGIN_1.4", "OACC_2.6", "OMP_5.2"],
      },
      "libgssapi_krb5.so.2": { bases: ["python3"], versions: [] },
      "libhistory.so.8": { bases: ["python3"], versions: [] },
      "libk5crypto.so.3": { bases: ["python3"], versions: [] },
      "libkeyutils.so.1": { bases: ["python3"], versions: ["KEYUTILS_1.10"] },
      "libkrb5.so.3": { bases: ["python3"], versions: [] },
      "libkrb5support.so.0": { bases: ["python3"], versions: [] },
      "liblzma.so.5": { bases: ["python3"], versions: ["XZ_5.8"] },
      "libm.so.6": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.41"],
      },
      "libmemusage.so": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: [],
      },
      "libmenuw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.5.20240427", "NCURSESW6_6.2.20200212"],
      },
      "libmvec.so.1": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.35"],
      },
      "libncursesw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.5.20240427", "NCURSESW6_6.2.20200212"],
      },
      "libnsl.so.1": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libnsl.so.2": { bases: ["python3"], versions: ["LIBNSL_1.0.2"] },
      "libnss_compat.so.2": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: [],
      },
      "libnss_dns.so.2": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: [],
      },
      "libnss_files.so.2": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: [],
      },
      "libnss_hesiod.so.2": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: [],
      },
      "libpanelw.so.6": {
        bases: ["python3"],
        versions: ["NCURSES6_TIC_6.1.20171230", "NCURSES6_TINFO_6.5.20240427", "NCURSESW6_6.2.20200212"],
      },
      "libpcprofile.so": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: [],
      },
      "libpthread.so.0": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.31"],
      },
      "libreadline.so.8": { bases: ["python3"], versions: [] },
      "libresolv.so.2": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.9"],
      },
      "librt.so.1": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.7"],
      },
      "libsqlite3.so.0": { bases: ["python3"], versions: [] },
      "libssl.so.3": { bases: ["python3", "cc", "base", "nodejs"], versions: ["OPENSSL_3.5.0"] },
      "libstdc++.so.6": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "nodejs"],
        versions: ["CXXABI_1.3.15", "CXXABI_TM_1", "GLIBCXX_3.4.33"],
      },
      "libthread_db.so.1": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
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
        bases: ["python3", "cc", "java25", "java-base", "java21", "base-nossl", "base", "nodejs"],
        versions: ["GLIBC_2.2.5"],
      },
      "libuuid.so.1": { bases: ["python3", "java25", "java-base", "java21"], versions: ["UUID_2.41"] },
      "libz.so.1": {
        bases: ["python3", "cc", "java25", "java-base", "java21", "base", "nodejs"],
        versions: ["ZLIB_1.2.12"],
      },
      "libzstd.so.1": { bases: ["python3", "cc", "base", "nodejs"], versions: [] },
      "libbrotlicommon.so.1": { bases: ["java25", "java-base", "java21", "nodejs"], versions: [] },
      "libbrotlidec.so.1": { bases: ["java25", "java-base", "java21", "nodejs"], versions: [] },
      "libbrotlienc.so.1": { bases: ["java25", "java-base", "java21", "nodejs"], versions: [] },
      "libfontconfig.so.1": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libfreetype.so.6": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libgio-2.0.so.0": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libglib-2.0.so.0": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libgmodule-2.0.so.0": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libgobject-2.0.so.0": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libgraphite2.so.3": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libgthread-2.0.so.0": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libharfbuzz.so.0": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libjpeg.so.62": { bases: ["java25", "java-base", "java21"], versions: ["LIBJPEGTURBO_6.2", "LIBJPEG_6.2"] },
      "liblcms2.so.2": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libpcre2-8.so.0": { bases: ["java25", "java-base", "java21"], versions: [] },
      "libpng16.so.16": { bases: ["java25", "java-base", "java21"], versions: ["PNG16_0"] },
      "libatomic.so.1": { bases: ["java21"], versions: ["LIBATOMIC_1.2"] },
      "libcares.so.2": { bases: ["nodejs"], versions: [] },
      "libicudata.so.76": { bases: ["nodejs"], versions: [] },
      "libicui18n.so.76": { bases: ["nodejs"], versions: [] },
      "libicuio.so.76": { bases: ["nodejs"], versions: [] },
      "libicutest.so.76": { bases: ["nodejs"], versions: [] },
      "libicutu.so.76": { bases: ["nodejs"], versions: [] },
      "libicuuc.so.76": { bases: ["nodejs"], versions: [] },
      "libnghttp2.so.14": { bases: ["nodejs"], versions: [] },
      "libnode.so.115": { bases: ["nodejs"], versions: [] },
      "libuv.so.1": { bases: ["nodejs"], versions: [] },
    },
  },
};
