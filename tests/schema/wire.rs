//! How Go writes the fields of its types: their numbers in protobuf, and what it writes of them when they are empty.
//!
//! The server does not tell; the tags of the published types do. The module cache of Go has them by name and version.

use std::{collections::HashMap, fs, path::Path, path::PathBuf};

use crate::table::Writer;

/// A field of a structure, or a structure whose fields count as those of the one it is in.
struct Field {
    /// The name in JSON, empty for a structure.
    name: String,
    ty: String,
    number: u32,
    /// Whether its tag asks to leave it out when it is empty, or zero.
    omitempty: bool,
    omitzero: bool,
}

impl Field {
    /// What is written of it when it is empty: nothing (`?`), the empty value of its type (`!`), null in place of what
    /// it points to (`!*`), or, of what it points to, whatever is there. Go does not take structures for empty.
    fn mark(&self, shape: &str) -> &'static str {
        let is_structure = !matches!(shape, "string" | "bool" | "int32" | "int64" | "number" | "bytes" | "any")
            && !shape.starts_with(['[', '{']);
        match self.ty.starts_with('*') {
            true if self.omitempty => "",
            true => "!*",
            false if self.omitzero || (self.omitempty && !is_structure) => "?",
            false => "!",
        }
    }
}

type Structures = HashMap<String, Vec<Field>>;

/// The lines of all types, as `Container: 1! name, 2? image`.
pub fn text(folder: &Path, writer: &Writer<'_>) -> String {
    let mut packages: HashMap<PathBuf, Structures> = HashMap::new();
    let mut lines: Vec<String> = Vec::new();
    for (written, name) in writer.structures() {
        let (package, short) = name.rsplit_once('.').expect("a type in a package");
        let folder = place(folder, package);
        let structures = packages.entry(folder).or_insert_with_key(|folder| read(folder));
        let mut fields = Vec::new();
        collect(structures, short, &[], &mut fields);
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        let fields = fields.iter().filter_map(|(numbers, field)| {
            let (_, schema) = writer.fields(name).find(|(known, _)| *known == field.name)?;
            let numbers: Vec<_> = numbers.iter().map(u32::to_string).collect();
            Some(format!("{}{} {}", numbers.join("."), field.mark(&writer.shape(schema)), field.name))
        });
        lines.push(format!("{written}: {}\n", fields.collect::<Vec<_>>().join(", ")));
    }
    lines.sort();
    lines.dedup();
    lines.concat()
}

/// Where the types of a package are: `io.k8s.api.apps.v1` is `api/apps/v1`.
fn place(folder: &Path, package: &str) -> PathBuf {
    let package = package.strip_prefix("io.k8s.").expect("a package of Kubernetes").replace('.', "/");
    let (module, path) = package.split_once('/').expect("a package in a module");
    let modules = fs::read_dir(folder).expect("the folder of modules").map(|entry| entry.expect("an entry").path());
    let is_module = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name == module || name.strip_prefix(module).is_some_and(|rest| rest.starts_with('@'))
    };
    let found = modules.into_iter().filter(is_module).max();
    found.unwrap_or_else(|| panic!("{folder:?} has no module {module}")).join(path)
}

fn read(folder: &Path) -> Structures {
    let mut structures = Structures::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "go") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a text");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let name = line.strip_prefix("type ").and_then(|line| line.strip_suffix(" struct {"));
            if let Some(name) = name {
                let body = lines.by_ref().take_while(|line| *line != "}");
                structures.insert(name.to_owned(), body.filter_map(field).collect());
            }
        }
    }
    structures
}

fn field(line: &str) -> Option<Field> {
    let tag = |name: &str| line.split_once(&format!("{name}:\""))?.1.split_once('"').map(|(tag, _)| tag);
    let number = tag("protobuf")?.split(',').nth(1)?.parse().ok()?;
    let (name, options) = tag("json")?.split_once(',').unwrap_or((tag("json")?, ""));
    let mut words = line.split('`').next()?.split_whitespace();
    let ty = words.next_back()?.to_owned();
    let asks = |wanted| options.split(',').any(|option| option == wanted);
    let (omitempty, omitzero) = (asks("omitempty"), asks("omitzero"));
    Some(Field { name: name.to_owned(), ty, number, omitempty, omitzero })
}

fn collect<'s>(structures: &'s Structures, name: &str, above: &[u32], out: &mut Vec<(Vec<u32>, &'s Field)>) {
    for field in structures.get(name).unwrap_or_else(|| panic!("no structure {name}")) {
        let numbers = [above, &[field.number]].concat();
        if field.name.is_empty() {
            collect(structures, field.ty.trim_start_matches('*'), &numbers, out);
        } else {
            out.push((numbers, field));
        }
    }
}
