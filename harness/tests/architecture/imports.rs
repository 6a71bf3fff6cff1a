//! Which file of a crate takes names from which other one.
//!
//! Every `use` and every path written out counts, also inside macros; a re-export is followed to
//! the file that defines the name. What is only compiled for tests does not count, nor does the
//! declaration of a module: a parent that lists its children does not depend on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Item, UseTree};

/// A module by its names from the crate's root.
type ModulePath = Vec<String>;

/// A path as it is written: `crate`, `super` and `self` included.
type Written = Vec<String>;

#[derive(Debug, Default)]
struct Module {
    file: PathBuf,
    children: BTreeSet<String>,
    /// What the module defines itself.
    items: BTreeSet<String>,
    /// Names that it takes from elsewhere, re-exported or not.
    imports: BTreeMap<String, Written>,
    globs: Vec<Written>,
    /// Every path that is written in it.
    paths: BTreeSet<Written>,
}

/// The arrows between the files of one crate, from its `src/lib.rs` on, with the names taken.
#[derive(Debug)]
pub(crate) struct Imports {
    arrows: BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>,
}

impl Imports {
    /// Reads a crate by the folder of its manifest.
    pub(crate) fn of(folder: &Path) -> Self {
        let source = folder.join("src");
        let mut modules = BTreeMap::new();
        read(&source.join("lib.rs"), &source, Vec::new(), &mut modules);
        let mut arrows: BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>> = BTreeMap::new();
        for (path, module) in &modules {
            for written in module.paths.iter().chain(&module.globs) {
                let Some(file) = resolve(&modules, path, written, 0) else { continue };
                if file != module.file {
                    let relative = |file: &Path| {
                        file.strip_prefix(folder).expect("below its crate").to_owned()
                    };
                    let names = arrows.entry(relative(&module.file)).or_default();
                    let name = written.last().expect("a path has a segment").clone();
                    names.entry(relative(&file)).or_default().insert(name);
                }
            }
        }
        Self { arrows }
    }

    /// Groups of files of which each leads to every other one, the largest first.
    pub(crate) fn circles(&self) -> Vec<BTreeSet<&Path>> {
        let reach: BTreeMap<&Path, BTreeSet<&Path>> =
            self.arrows.keys().map(|file| (file.as_path(), self.reached_from(file))).collect();
        let mut circles: BTreeSet<BTreeSet<&Path>> = BTreeSet::new();
        for (file, reached) in &reach {
            let back = |other: &&&Path| reach.get(**other).is_some_and(|far| far.contains(file));
            let circle: BTreeSet<&Path> = reached.iter().filter(back).copied().collect();
            if !circle.is_empty() {
                circles.insert(circle);
            }
        }
        let mut circles: Vec<_> = circles.into_iter().collect();
        circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
        circles
    }

    fn reached_from(&self, start: &Path) -> BTreeSet<&Path> {
        let mut reached = BTreeSet::new();
        let mut open = vec![start];
        while let Some(file) = open.pop() {
            for next in self.arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
                if reached.insert(next.as_path()) {
                    open.push(next);
                }
            }
        }
        reached
    }

    /// The arrows inside a group of files, a line each.
    pub(crate) fn inside(&self, circle: &BTreeSet<&Path>) -> String {
        let mut lines = Vec::new();
        for (from, targets) in
            self.arrows.iter().filter(|(from, _)| circle.contains(from.as_path()))
        {
            for (to, names) in targets.iter().filter(|(to, _)| circle.contains(to.as_path())) {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                lines.push(format!(
                    "  {} -> {}: {}",
                    from.display(),
                    to.display(),
                    names.join(", ")
                ));
            }
        }
        lines.join("\n")
    }
}

/// Reads a module's file and those of its children; `folder` is where the children's files are.
fn read(file: &Path, folder: &Path, path: ModulePath, modules: &mut BTreeMap<ModulePath, Module>) {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let parsed =
        syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    items(parsed.items, file, folder, path, modules);
}

fn items(
    items: Vec<Item>,
    file: &Path,
    folder: &Path,
    path: ModulePath,
    modules: &mut BTreeMap<ModulePath, Module>,
) {
    let mut module = Module { file: file.to_owned(), ..Module::default() };
    for item in items {
        let (attributes, name) = described(&item);
        if attributes.iter().any(is_for_tests) {
            continue;
        }
        module.items.extend(name);
        match item {
            Item::Mod(child) => {
                let name = child.ident.to_string();
                module.children.insert(name.clone());
                let below = folder.join(&name);
                let path = [path.clone(), vec![name.clone()]].concat();
                if let Some((_, content)) = child.content {
                    self::items(content, file, &below, path, modules);
                    continue;
                }
                let (own, inside) = (folder.join(format!("{name}.rs")), below.join("mod.rs"));
                let file = if own.is_file() { own } else { inside };
                read(&file, &below, path, modules);
            }
            Item::Use(found) => leaves(&found.tree, &mut Vec::new(), &mut module),
            other => paths(other.to_token_stream(), &mut module.paths),
        }
    }
    modules.insert(path, module);
}

/// An item's attributes, and its name where it has one of its own.
fn described(item: &Item) -> (&[Attribute], Option<String>) {
    let (attributes, name) = match item {
        Item::Const(item) => (&item.attrs, Some(&item.ident)),
        Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
        Item::Static(item) => (&item.attrs, Some(&item.ident)),
        Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        Item::Type(item) => (&item.attrs, Some(&item.ident)),
        Item::Impl(item) => (&item.attrs, None),
        Item::Mod(item) => (&item.attrs, None),
        Item::Use(item) => (&item.attrs, None),
        _ => return (&[], None),
    };
    (attributes, name.map(ToString::to_string))
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let words = attribute.to_token_stream().to_string();
    words.contains("cfg") && words.contains("test") && !words.contains("not")
}

/// Every name that a `use` takes.
fn leaves(tree: &UseTree, before: &mut Written, module: &mut Module) {
    let mut leaf = |name: String, alias: String| {
        // `use a::b::{self}` takes `b`.
        let path = if name == "self" && !before.is_empty() {
            before.clone()
        } else {
            [before.clone(), vec![name]].concat()
        };
        let alias = if alias == "self" { path.last().cloned().unwrap_or_default() } else { alias };
        module.paths.insert(path.clone());
        module.imports.insert(alias, path);
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            leaves(&path.tree, before, module);
            before.pop();
        }
        UseTree::Name(name) => leaf(name.ident.to_string(), name.ident.to_string()),
        UseTree::Rename(name) => leaf(name.ident.to_string(), name.rename.to_string()),
        UseTree::Glob(_) => module.globs.push(before.clone()),
        UseTree::Group(group) => {
            group.items.iter().for_each(|tree| leaves(tree, before, module));
        }
    }
}

/// Every path of two segments or more among tokens.
fn paths(tokens: TokenStream, found: &mut BTreeSet<Written>) {
    let mut path: Written = Vec::new();
    let mut colons = 0;
    let end = |path: &mut Written, found: &mut BTreeSet<Written>| {
        if path.len() > 1 {
            found.insert(std::mem::take(path));
        }
        path.clear();
    };
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                if colons != 2 {
                    end(&mut path, found);
                }
                path.push(name.to_string());
                colons = 0;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => colons += 1,
            TokenTree::Group(group) => {
                end(&mut path, found);
                if !is_of_visibility(&group) {
                    paths(group.stream(), found);
                }
                colons = 0;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {
                end(&mut path, found);
                colons = 0;
            }
        }
    }
    end(&mut path, found);
}

/// Whether a group is that of `pub(in crate::limits)`: who may see an item takes nothing from them.
fn is_of_visibility(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Parenthesis
        && matches!(first, Some(TokenTree::Ident(word)) if word == "in")
}

/// Re-exports that lead to one another are not followed further than this.
const MAX_DEPTH: usize = 16;

/// The file that defines what a path written in a module means; none where it is another crate's.
fn resolve(
    modules: &BTreeMap<ModulePath, Module>,
    within: &[String],
    written: &[String],
    depth: usize,
) -> Option<PathBuf> {
    let (mut at, mut rest) = (within.to_vec(), written);
    match written.first()?.as_str() {
        "crate" => (at, rest) = (Vec::new(), &written[1..]),
        "self" => rest = &written[1..],
        "super" => {}
        // A bare name is a child, something imported, or another crate.
        first => {
            let module = modules.get(within)?;
            if !module.children.contains(first) && !module.imports.contains_key(first) {
                return None;
            }
            // An import of another crate's name that is spelled like itself.
            if module.imports.get(first).is_some_and(|import| import.first() == written.first()) {
                return None;
            }
        }
    }
    while let Some((name, after)) = rest.split_first() {
        if name == "super" {
            at.pop()?;
            rest = after;
            continue;
        }
        let module = modules.get(&at)?;
        if module.children.contains(name) {
            at.push(name.clone());
            rest = after;
            continue;
        }
        if module.items.contains(name) || depth == MAX_DEPTH {
            return Some(module.file.clone());
        }
        if let Some(import) = module.imports.get(name) {
            let further = [import.clone(), after.to_vec()].concat();
            return resolve(modules, &at, &further, depth + 1);
        }
        let through_globs = module.globs.iter().find_map(|glob| {
            let further = [glob.clone(), rest.to_vec()].concat();
            let file = resolve(modules, &at, &further, depth + 1)?;
            (file != module.file).then_some(file)
        });
        return Some(through_globs.unwrap_or_else(|| module.file.clone()));
    }
    modules.get(&at).map(|module| module.file.clone())
}
