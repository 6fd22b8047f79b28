#!/bin/sh
# Puts what was built where compilers and programs look for it, or removes it again; `make install` and `make uninstall`
# run this.
#
#   scripts/install.sh put FOLDER     what was built is in FOLDER
#   scripts/install.sh remove
#
# PREFIX, BINDIR, LIBDIR, INCLUDEDIR and DOCDIR say where to; DESTDIR stands before all of them and is written nowhere.
set -eu
umask 022
cd "$(dirname "$0")/.."

action=$1
built=${2-}
: "${DESTDIR=}" "${PREFIX:=/usr/local}"
PREFIX=${PREFIX%/}
: "${BINDIR:=$PREFIX/bin}" "${LIBDIR:=$PREFIX/lib}" "${INCLUDEDIR:=$PREFIX/include}"
: "${DOCDIR:=$PREFIX/share/doc/tieback}"

for folder in "$PREFIX" "$BINDIR" "$LIBDIR" "$INCLUDEDIR/tieback" "$INCLUDEDIR" "$DOCDIR"; do
    case $folder in
        [!/]*) echo "$folder is no absolute path: PREFIX and the folders in it begin with /" >&2 && exit 1 ;;
        *' '*) echo "$folder has a blank: pkg-config would take it for two paths" >&2 && exit 1 ;;
    esac
done

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
# What the shared library's name ends in: 0.MINOR, from 1.0 on MAJOR. build/version.rs has the same rule.
abi=$(echo "$version" | sed -e 's/^\(0\.[0-9]*\)\..*/\1/' -e 's/^\([1-9][0-9]*\)\..*/\1/')

if [ "$(uname -s)" = Darwin ]; then
    system=macos
    library=libtieback.dylib full_name=libtieback.$version.dylib abi_name=libtieback.$abi.dylib
    soname=@rpath/$abi_name
else
    system=linux
    library=libtieback.so full_name=libtieback.so.$version abi_name=libtieback.so.$abi
    soname=$abi_name
fi
static_libs=$(sed -n "s/^$system //p" build/static-libs.txt)

# below PATH: PATH as seen from PREFIX; empty when it is elsewhere.
below() {
    case $1 in "$PREFIX"/*) echo "${1#"$PREFIX"/}" ;; esac
}

# by_prefix PATH: PATH as a pkg-config file writes it.
by_prefix() {
    if [ -n "$(below "$1")" ]; then echo "\${prefix}/$(below "$1")"; else echo "$1"; fi
}

# Where the headers are as seen from the folder of the libraries, when both are below the prefix.
cmake_includedir() {
    if [ -n "$(below "$LIBDIR")" ] && [ -n "$(below "$INCLUDEDIR")" ]; then
        echo "\${_tieback_libdir}/$(below "$LIBDIR" | sed 's|[^/]\{1,\}|..|g')/$(below "$INCLUDEDIR")"
    else
        echo "$INCLUDEDIR"
    fi
}

# literal TEXT: TEXT as it stands in a replacement of sed.
literal() {
    printf '%s' "$1" | sed 's/[|&\\]/\\&/g'
}

# place MODE SOURCE TARGET
place() {
    if [ "$action" = put ]; then
        install -d "$DESTDIR$(dirname "$3")"
        install -m "$1" "$2" "$DESTDIR$3"
        echo "$DESTDIR$3"
    else
        rm -f "$DESTDIR$3"
    fi
}

# point TARGET LINK
point() {
    if [ "$action" = put ]; then ln -sf "$1" "$DESTDIR$2" && echo "$DESTDIR$2"; else rm -f "$DESTDIR$2"; fi
}

# fill TEMPLATE TARGET
fill() {
    if [ "$action" = put ]; then
        sed -e "s|@PREFIX@|$(literal "$PREFIX")|g" \
            -e "s|@LIBDIR@|$(literal "$(by_prefix "$LIBDIR")")|g" \
            -e "s|@INCLUDEDIR@|$(literal "$(by_prefix "$INCLUDEDIR")")|g" \
            -e "s|@CMAKE_INCLUDEDIR@|$(literal "$(cmake_includedir)")|g" \
            -e "s|@CMAKE_STATIC_LIBS@|$(literal "$(echo "$static_libs" | sed 's/ -/;-/g')")|g" \
            -e "s|@STATIC_LIBS@|$(literal "$static_libs")|g" \
            -e "s|@FULL_NAME@|$full_name|g" -e "s|@SONAME@|$soname|g" \
            -e "s|@VERSION@|$version|g" -e "s|@ABI@|$abi|g" \
            -e "s|@POINTER_BYTES@|$(($(getconf LONG_BIT) / 8))|g" \
            "packaging/$1" >"$filled_in"
    fi
    place 644 "$filled_in" "$2"
}

# may_go FOLDER: whether it may go when it is empty. Ours may, and so may every one of a staged tree, and of a prefix
# that is not the system's: the system's own folders may have been empty before.
may_go() {
    case $1 in "") return 1 ;; "$LIBDIR/cmake/tieback" | "$INCLUDEDIR/tieback" | "$DOCDIR") return 0 ;; esac
    [ -z "$DESTDIR" ] || return 0
    case $PREFIX in "" | /usr | /usr/local) return 1 ;; esac
    case $1/ in "$PREFIX"/*) return 0 ;; *) return 1 ;; esac
}

# emptied FOLDER: removes it and those that it is in, as far as they are empty and may go.
emptied() {
    folder=$1
    while may_go "$folder" && rmdir "$DESTDIR$folder" 2>/dev/null; do
        folder=${folder%/*}
    done
}

filled_in=
if [ "$action" = put ]; then
    for needed in "$library" libtieback.a tieback; do
        [ -f "$built/$needed" ] || { echo "$built/$needed is not there: \`make build\` makes it" >&2 && exit 1; }
    done
    filled_in=$(mktemp)
    trap 'rm -f "$filled_in"' EXIT
fi

# All that there is, for both ways.
place 755 "$built/tieback" "$BINDIR/tieback"
place 755 "$built/$library" "$LIBDIR/$full_name"
point "$full_name" "$LIBDIR/$abi_name"
point "$abi_name" "$LIBDIR/$library"
place 644 "$built/libtieback.a" "$LIBDIR/libtieback.a"
for header in include/tieback.* include/tieback/*; do
    place 644 "$header" "$INCLUDEDIR/${header#include/}"
done
fill tieback.pc.in "$LIBDIR/pkgconfig/tieback.pc"
fill tiebackConfig.cmake.in "$LIBDIR/cmake/tieback/tiebackConfig.cmake"
fill tiebackConfigVersion.cmake.in "$LIBDIR/cmake/tieback/tiebackConfigVersion.cmake"
for document in LICENSE-APACHE LICENSE-MIT CHANGELOG.md; do
    place 644 "$document" "$DOCDIR/$document"
done

if [ "$action" = remove ]; then
    for folder in "$BINDIR" "$LIBDIR/pkgconfig" "$LIBDIR/cmake/tieback" "$LIBDIR" "$INCLUDEDIR/tieback" "$INCLUDEDIR" \
        "$DOCDIR"; do
        emptied "$folder"
    done
fi
